"""The authentication backend: passwords as Django keeps them, permissions from roles only."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from contacts.operators.access import access_of


class RoleBackend(ModelBackend):
    """Gives a user what the roles permit in any organisation. The admin then asks for each row's organisation.

    Permissions and groups that Django stores for a user count for nothing, so there is one place that says who may do
    what (contacts/operators/roles.py).
    """

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return access_of(user_obj).permissions if obj is None else set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
