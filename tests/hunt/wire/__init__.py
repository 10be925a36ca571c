"""Requests as real clients and systems write them."""
