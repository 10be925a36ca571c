"""The pages that recipients open from a message, and the sandbox's inbox. May import the engine, not the API."""
