"""The embedded PostgreSQL and Valkey: where their binaries are, which user they run as, how they start and stop."""
