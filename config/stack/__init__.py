"""Runs everything on one machine: PostgreSQL and Valkey from pip wheels, and all processes of the product.

This is what `make run`, `make test` and `make check` start. Production does not use it, and config/settings.py knows
nothing of it.
"""
