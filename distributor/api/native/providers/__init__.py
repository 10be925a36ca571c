"""/api/v1/providers: the provider accounts that send messages."""
