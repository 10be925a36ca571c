"""Reads any number of an organisation's contacts in chunks, in the order of their ids."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from contacts.identity import Identified

# Locked in the order of the ids, so that transactions that write about them do not deadlock and none is deleted.
_CHUNK = "AND c.id > %(after)s AND c.erased_at IS NULL ORDER BY c.id LIMIT %(limit)s FOR KEY SHARE OF c"
_COLUMNS = "c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone"
_FROM_MEMBERS = """
FROM contacts_membership m JOIN contacts_contact c ON c.id = m.contact_id WHERE m.mailing_list_id = %(list_id)s
"""
_FROM_IDS = "FROM contacts_contact c WHERE c.organization_id = %(organization_id)s AND c.id = ANY(%(ids)s)"
_FROM_MATCHING = """
FROM contacts_contact c WHERE c.organization_id = %(organization_id)s AND c.embedded_data @> %(data)s::jsonb
"""
_MEMBERS = f"SELECT {_COLUMNS} {_FROM_MEMBERS} AND m.contact_id > %(after)s {_CHUNK}"
_BY_IDS = f"SELECT {_COLUMNS} {_FROM_IDS} {_CHUNK}"
_MATCHING = f"SELECT {_COLUMNS} {_FROM_MATCHING} {_CHUNK}"
BEFORE_ALL: Final = UUID(int=0)


def next_members(list_id: UUID, after: UUID, limit: int) -> list[Identified]:
    """Return a list's next contacts after an id, and lock them. Fewer than `limit` are the last ones."""
    return _read(_MEMBERS, list_id=list_id, after=after, limit=limit)


def next_named(organization_id: UUID, ids: Sequence[UUID], after: UUID, limit: int) -> list[Identified]:
    """Like next_members(), for contacts with these ids."""
    return _read(_BY_IDS, organization_id=organization_id, ids=list(ids), after=after, limit=limit)


def next_matching(organization_id: UUID, data: Mapping[str, Any], after: UUID, limit: int) -> list[Identified]:
    """Like next_members(), for contacts whose embedded data contains all of `data` (PostgreSQL's `@>`)."""
    given = orjson.dumps(data).decode()
    return _read(_MATCHING, organization_id=organization_id, data=given, after=after, limit=limit)


def count_members(list_id: UUID) -> int:
    """Count the contacts that next_members() returns in total."""
    return _count(_FROM_MEMBERS, list_id=list_id)


def count_named(organization_id: UUID, ids: Sequence[UUID]) -> int:
    """Count the contacts with these ids."""
    return _count(_FROM_IDS, organization_id=organization_id, ids=list(ids))


def count_matching(organization_id: UUID, data: Mapping[str, Any]) -> int:
    """Count the contacts whose embedded data contains all of `data`."""
    return _count(_FROM_MATCHING, organization_id=organization_id, data=orjson.dumps(data).decode())


def _count(source: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {source} AND c.erased_at IS NULL", parameters)
        [count] = cursor.fetchone()
        return int(count)


def _read(statement: str, **parameters: Any) -> list[Identified]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [Identified(*row) for row in cursor]
