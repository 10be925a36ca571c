"""The audit log: who changed what."""

from typing import Final

from django.db.models import QuerySet

from distributor.engine.exports.columns import Column
from distributor.engine.exports.pages import Kind, Page, Row, Scope
from distributor.models import AuditEntry

COLUMNS: Final = (
    Column("at", "When it was done.", is_moment=True),
    Column("actorKind", "api_key, user or system."),
    Column("actorName", "The key's name and prefix, or the operator's user name."),
    Column("actorId", "The id of the key or the operator."),
    Column("action", "What was done, for example changed, erased or exported."),
    Column("objectType", "To what, for example template or contact."),
    Column("objectId", "The id of that row."),
    Column("changes", "By field, the values before and after, as JSON."),
    Column("requestId", "The id of the request, as in the log."),
)


def read_page(scope: Scope, after: str, limit: int) -> Page:
    """Read entries in the order in which they were written."""
    found = list(_entries(scope).filter(pk__gt=int(after or 0)).order_by("pk")[:limit])
    since, before = scope.filters.since, scope.filters.before
    rows = [
        _row(entry) for entry in found if (since is None or entry.at >= since) and (before is None or entry.at < before)
    ]
    return Page(rows, str(found[-1].pk) if found else after, len(found) < limit, len(found))


def count(scope: Scope) -> int:
    """Return how many entries there are."""
    return _entries(scope).count()


def _entries(scope: Scope) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(organization_id=scope.organization.pk)


def _row(entry: AuditEntry) -> Row:
    values = {
        "at": entry.at,
        "actorKind": entry.actor_kind,
        "actorName": entry.actor_name,
        "actorId": entry.actor_id,
        "action": entry.action,
        "objectType": entry.object_type,
        "objectId": entry.object_id,
        "changes": entry.changes,
        "requestId": entry.request_id,
    }
    return Row(None, values)


AUDIT: Final = Kind(
    meaning="The organisation's audit log. `since` and `before` bound when it was done.",
    columns=COLUMNS,
    filters=frozenset({"since", "before"}),
    read_page=read_page,
    count=count,
    permission="distributor.view_auditentry",
)
