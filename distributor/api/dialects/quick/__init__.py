"""Quick distribution: contacts, list, distribution and send in one call. See docs/dialects/quick.md."""
