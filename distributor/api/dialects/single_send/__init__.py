"""Single send: a survey to recipients by one channel, without a list. See docs/dialects/single-send.md."""
