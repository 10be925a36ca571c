"""Django's database backend for PostgreSQL, with a cheaper check that a kept connection is alive."""
