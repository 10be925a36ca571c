"""Writes what the client has from the OpenAPI document: models, bodies and the calls that take an Idempotency-Key.

And the sync half of the client from its async half. Never part of the package. From the project's root: `make client`.
"""
