"""Provider accounts and messages, for tests of providers without the engine."""
