"""What a user may do in which organisations. Superusers may do everything in all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from contacts.models import OrganizationMember
from contacts.operators.roles import PERMISSIONS, Role

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class Access:
    """A user's role in each organisation. `is_everywhere`: a superuser, who needs no roles."""

    is_everywhere: bool
    roles: Mapping[UUID, Role]

    @property
    def permissions(self) -> set[str]:
        """What the roles permit, in one organisation or another."""
        return {permission for role in self.roles.values() for permission in PERMISSIONS[role]}

    def allows(self, permission: str, organization_id: UUID | None = None) -> bool:
        """Whether the user has the permission in this organisation. None: in any."""
        if self.is_everywhere:
            return True
        if organization_id is None:
            return permission in self.permissions
        role = self.roles.get(organization_id)
        return role is not None and permission in PERMISSIONS[role]

    def organizations(self, permission: str) -> list[UUID] | None:
        """Return the organisations in which the user has the permission. None: in all, without a list."""
        if self.is_everywhere:
            return None
        return [organization for organization in self.roles if self.allows(permission, organization)]

    def narrow(self, rows: QuerySet[ModelT], permission: str, path: str) -> QuerySet[ModelT]:
        """Return the rows whose organisation permits this. `path` leads to it, such as `survey__organization`."""
        organizations = self.organizations(permission)
        return rows if organizations is None else rows.filter(**{f"{path}__in": organizations})


_NONE = Access(False, {})


def access_of(user: Any) -> Access:
    """Return what a user may do: read once for each request, because each request has its own user object."""
    if not user.is_active or user.is_anonymous:
        return _NONE
    if user.is_superuser:
        return Access(True, {})
    known: Access | None = getattr(user, "_access", None)
    if known is None:
        members = OrganizationMember.objects.filter(user=user).values_list("organization_id", "role")
        known = user._access = Access(False, {organization: Role(role) for organization, role in members})
    return known
