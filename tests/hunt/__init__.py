"""Inputs that real people and systems write, with the right value: from reports, vendors and standards."""
