"""Outgoing events: what is written, read and delivered."""
