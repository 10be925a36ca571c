"""The embedded stack: PostgreSQL and Valkey from pip wheels, and all processes of the product, under one supervisor."""
