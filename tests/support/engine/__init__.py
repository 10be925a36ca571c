"""Recipients, provider accounts and workers, for tests of the engine."""
