"""Reading the contacts of an organisation in runs, in the order of their ids, however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from contacts.identity import Identified

# Locked in the order of the ids: whoever writes rows about them meets nobody head-on, and nobody is deleted meanwhile.
_RUN = "AND c.id > %(after)s AND c.erased_at IS NULL ORDER BY c.id LIMIT %(limit)s FOR KEY SHARE OF c"
_COLUMNS = "c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone"
_ARE_MEMBERS = """
FROM contacts_membership m JOIN contacts_contact c ON c.id = m.contact_id WHERE m.mailing_list_id = %(list_id)s
"""
_ARE_NAMED = "FROM contacts_contact c WHERE c.organization_id = %(organization_id)s AND c.id = ANY(%(ids)s)"
_MATCH = """
FROM contacts_contact c WHERE c.organization_id = %(organization_id)s AND c.embedded_data @> %(data)s::jsonb
"""
_MEMBERS = f"SELECT {_COLUMNS} {_ARE_MEMBERS} AND m.contact_id > %(after)s {_RUN}"
_NAMED = f"SELECT {_COLUMNS} {_ARE_NAMED} {_RUN}"
_MATCHING = f"SELECT {_COLUMNS} {_MATCH} {_RUN}"
BEFORE_ALL: Final = UUID(int=0)


def next_members(list_id: UUID, after: UUID, limit: int) -> list[Identified]:
    """A list's next contacts after an id, locked until the end of the transaction. Fewer than `limit`: the last."""
    return _read(_MEMBERS, list_id=list_id, after=after, limit=limit)


def next_named(organization_id: UUID, ids: Sequence[UUID], after: UUID, limit: int) -> list[Identified]:
    """Likewise, of these ids."""
    return _read(_NAMED, organization_id=organization_id, ids=list(ids), after=after, limit=limit)


def next_matching(organization_id: UUID, data: Mapping[str, Any], after: UUID, limit: int) -> list[Identified]:
    """Likewise, of the contacts whose embedded data holds all of `data` (PostgreSQL's `@>`)."""
    given = orjson.dumps(data).decode()
    return _read(_MATCHING, organization_id=organization_id, data=given, after=after, limit=limit)


def count_members(list_id: UUID) -> int:
    """How many contacts `next_members` comes to, from the first to the last."""
    return _count(_ARE_MEMBERS, list_id=list_id)


def count_named(organization_id: UUID, ids: Sequence[UUID]) -> int:
    """Likewise, of these ids."""
    return _count(_ARE_NAMED, organization_id=organization_id, ids=list(ids))


def count_matching(organization_id: UUID, data: Mapping[str, Any]) -> int:
    """Likewise, of the contacts whose embedded data holds all of `data`."""
    return _count(_MATCH, organization_id=organization_id, data=orjson.dumps(data).decode())


def _count(whom: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {whom} AND c.erased_at IS NULL", parameters)
        [count] = cursor.fetchone()
        return int(count)


def _read(statement: str, **parameters: Any) -> list[Identified]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [Identified(*row) for row in cursor]
