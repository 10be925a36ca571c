"""Suppressions: the addresses that are not written to. What stands for erased people is left out."""

from typing import Final

import orjson
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from contacts.address_key import is_address_key
from contacts.models import Suppression
from distributor.engine.exports.columns import Column
from distributor.engine.exports.pages import Kind, Page, Row, Scope

COLUMNS: Final = (
    Column("suppressionId", "The suppression's id."),
    Column("channel", "The channel: email, sms or whatsapp."),
    Column("address", "The e-mail address in lower case, or the phone number in E.164."),
    Column("reason", "unsubscribe, stop, bounce, complaint, manual or import."),
    Column("source", "Where the suppression comes from."),
    Column("createdAt", "When the address was suppressed.", is_moment=True),
)
# In the order of the unique index.
_AFTER: Final = "(channel, address, reason) > (%s, %s, %s)"


def read_page(scope: Scope, after: str, limit: int) -> Page:
    """Read suppressions by channel, address and reason."""
    rows = _suppressions(scope)
    if after:
        rows = rows.alias(follows=RawSQL(_AFTER, orjson.loads(after))).filter(follows=True)  # noqa: S611  a constant
    found = list(rows.order_by("channel", "address", "reason")[:limit])
    position = orjson.dumps([found[-1].channel, found[-1].address, found[-1].reason]).decode() if found else after
    shown = [_row(suppression) for suppression in found if not is_address_key(suppression.address)]
    return Page(shown, position, len(found) < limit, len(found))


def count(scope: Scope) -> int:
    """Return how many suppressions there are."""
    return _suppressions(scope).count()


def _suppressions(scope: Scope) -> QuerySet[Suppression]:
    rows = Suppression.objects.filter(organization=scope.organization)
    return rows.filter(channel=scope.filters.channel) if scope.filters.channel else rows


def _row(suppression: Suppression) -> Row:
    values = {
        "suppressionId": suppression.pk,
        "channel": suppression.channel,
        "address": suppression.address,
        "reason": suppression.reason,
        "source": suppression.source,
        "createdAt": suppression.created_at,
    }
    return Row(None, values)


SUPPRESSIONS: Final = Kind(
    meaning="The addresses that are not written to, and why.",
    columns=COLUMNS,
    filters=frozenset({"channel"}),
    read_page=read_page,
    count=count,
    permission="contacts.view_suppression",
)
