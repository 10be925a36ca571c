"""What `distributor send` reads: its audience, its steps, and the key that makes a repeat the same send."""
