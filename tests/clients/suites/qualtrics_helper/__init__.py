"""qualtrics-helper 0.0.1rc5: contacts with their history, lists, messages, sends, imports, surveys and users."""
