"""/api/v1/suppressions: addresses that are never written to."""
