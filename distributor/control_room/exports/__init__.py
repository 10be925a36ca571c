"""Exports: choose what, see how far it is, download the file."""
