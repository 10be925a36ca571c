"""Users whom a manager adds: found by name or e-mail address, or made with a link that sets their first password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from contacts.operators.access import access_of

_MANAGES = "contacts.add_organizationmember"


def find_users(login: str) -> list[User]:
    """Return the user with this name, or else those with this e-mail address."""
    named = User.objects.filter(username=login)
    return list(named or User.objects.filter(Q(username__iexact=login) | Q(email__iexact=login))[:2])


def is_known_to(manager: Any, user: User) -> bool:
    """Whether a manager may add this user to an organisation: only if it is in one that they manage already.

    Otherwise somebody could make a user in another's name, choose its password, and wait until it is added elsewhere.
    Superusers may add everybody.
    """
    organizations = access_of(manager).organizations(_MANAGES)
    return organizations is None or _memberships(user).filter(organization__in=organizations).exists()


def make_user(login: str) -> User:
    """Make a user who cannot sign in yet. `login` is a name or an e-mail address."""
    user, is_new = User.objects.get_or_create(
        username=login, defaults={"email": login if "@" in login else "", "is_staff": True}
    )
    if not is_new:
        raise PermissionDenied  # made at the same moment, by somebody who may be a stranger
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return user


def may_get_link(manager: Any, user: User) -> bool:
    """Whether a manager may be shown a link for the user: never one that takes over somebody's login."""
    if user.is_superuser or user.has_usable_password() or user.last_login is not None:
        return False
    organizations = access_of(manager).organizations(_MANAGES)
    return organizations is None or not _memberships(user).exclude(organization__in=organizations).exists()


def set_password_url(user: User) -> str:
    """Return a link that sets the user's password once, within PASSWORD_RESET_TIMEOUT (three days)."""
    names = (urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user))
    return f"{settings.PUBLIC_BASE_URL}{reverse('set_password', args=names)}"


def _memberships(user: User) -> QuerySet[Any]:
    rows: QuerySet[Any] = user.organization_roles.all()
    return rows
