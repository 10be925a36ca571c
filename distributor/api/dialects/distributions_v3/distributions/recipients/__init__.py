"""The recipients of a distribution: their links, and their history."""
