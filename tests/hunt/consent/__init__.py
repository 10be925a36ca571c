"""A no is a no: every signal, at every point of a journey, on every channel."""
