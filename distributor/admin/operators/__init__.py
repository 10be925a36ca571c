"""The operators themselves: users, and the members of organisations."""

from distributor.admin.operators import members, users

__all__ = ["members", "users"]
