"""The folder that contains a stack's data: its paths, the lock that one stack can hold, and the generated keys."""
