"""What pages about one row share: who may see and change it, its organisation's time, and the record of changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from contacts.models import Organization
from distributor.control_room.layout.room import Room

ModelT = TypeVar("ModelT", bound=Model)


def find_row(room: Room, rows: QuerySet[ModelT], key: object, permission: str, path: str) -> ModelT:
    """Return a row that the user may see. `path` leads to its organisation. Raises Http404."""
    row = room.access.narrow(rows.filter(pk=key), permission, path).first()
    if row is None:
        raise Http404
    return row


def require(room: Room, permission: str, organization: Organization) -> None:
    """Raise PermissionDenied unless the user has the permission in the organisation."""
    if not room.allows(permission, organization.pk):
        raise PermissionDenied


@contextmanager
def inside(room: Room, organization: Organization) -> Iterator[Room]:
    """Show one organisation, in its time zone, whatever the user has chosen to see."""
    own = replace(room, chosen=organization)
    with timezone.override(own.zone):
        yield own


def log(request: HttpRequest, row: Model, message: str) -> None:
    """Write what the user did into the row's history. The audit log follows by a signal (admin/support/audit.py)."""
    if request.user.pk is not None:
        LogEntry.objects.log_actions(request.user.pk, [row], CHANGE, message, single_object=True)
