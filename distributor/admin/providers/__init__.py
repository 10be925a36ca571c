"""Provider accounts: a form for each kind, and tests of an account. May import all of the admin's support."""

from distributor.admin.providers import accounts

__all__ = ["accounts"]
