"""Finds the messages in the sandbox."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from channels.models import SandboxMessage
from contacts.channel import Channel


def find_messages(
    *,
    organizations: Collection[UUID] | None = None,
    channels: Collection[Channel] = frozenset(Channel),
    to: str = "",
    group_id: str = "",
    before_id: int | None = None,
) -> QuerySet[SandboxMessage]:
    """Return messages of these organisations (None: of all), filtered by the given arguments, newest first.

    `to` is an address or a number exactly as in the message; `before_id` is the last id of the previous page.
    """
    messages = SandboxMessage.objects.order_by("-id")
    if organizations is not None:
        messages = messages.filter(organization_id__in=organizations)
    if len(channels) < len(Channel):
        messages = messages.filter(channel__in=channels)
    if to:
        messages = messages.filter(to=to)
    if group_id:
        messages = messages.filter(group_id=group_id)
    if before_id is not None:
        messages = messages.filter(id__lt=before_id)
    return messages


def read_address(text: str) -> str:
    """Return the address of a query string. A “+” that was not percent-encoded arrives as a space; restore it."""
    return text.replace("\0", "").rstrip().replace(" ", "+")
