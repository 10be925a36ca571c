"""What a call passes before its view, and what is remembered of it: keys, rates, repeated calls, the audit log."""
