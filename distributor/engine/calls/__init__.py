"""What is remembered of HTTP calls after they are answered: how long they took, and the last ones of each API key.

It is kept in Valkey, and may be lost. It may import `infrastructure` only.
"""
