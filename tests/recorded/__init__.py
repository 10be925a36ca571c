"""Holds the vendors' own contracts and recordings against the code; see __main__.py."""
