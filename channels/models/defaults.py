"""Checks that each channel of an organisation has at most one default."""

from typing import Any, Protocol
from uuid import UUID


class Defaultable(Protocol):
    """A row that can be its channel's default: calls that name none use it."""

    pk: Any
    organization_id: UUID
    channel: str
    is_default: bool


def default_faults(row: Defaultable, others: Any) -> list[str]:
    """Return a fault if the row is to be the default and another one of `others` already is.

    A constraint forbids it as well, but a form that does not show organisation and channel does not check it.
    """
    if not row.is_default:
        return []
    defaults = others.filter(organization_id=row.organization_id, channel=row.channel, is_default=True)
    return ["This channel already has another default. Untick that one first."] if defaults.exclude(pk=row.pk) else []
