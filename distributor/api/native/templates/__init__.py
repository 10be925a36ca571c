"""/api/v1/templates: the texts of messages, by channel and locale."""
