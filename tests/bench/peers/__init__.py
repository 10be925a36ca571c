"""Competitors of dispatch: other ways to send the same messages, on as many processes."""
