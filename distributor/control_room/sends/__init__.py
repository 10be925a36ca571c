"""Make a send, step by step; recurring sends; lists. Each page parses, makes one call of the engine, and renders."""
