"""HTTP servers that imitate vendors: their requests, errors, signatures and webhooks."""
