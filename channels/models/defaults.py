"""One default for each channel of an organisation."""

from typing import Any, Protocol
from uuid import UUID


class Defaultable(Protocol):
    """A row that calls may mean without naming it."""

    pk: Any
    organization_id: UUID
    channel: str
    is_default: bool


def default_faults(row: Defaultable, others: Any) -> list[str]:
    """What is wrong with its being the default: another of `others` is its channel's already.

    The constraint says so as well, but a form that does not show organisation and channel does not ask it.
    """
    if not row.is_default:
        return []
    alike = others.filter(organization_id=row.organization_id, channel=row.channel, is_default=True)
    return ["Another one is this channel's default: untick that one first."] if alike.exclude(pk=row.pk) else []
