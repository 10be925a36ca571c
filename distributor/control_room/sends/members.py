"""Who is on a list, a page at a time, and how many, up to a limit.

Both compare pairs of list and contact, so that the primary key is read. By the list alone, PostgreSQL expects every
list to be as long as the longest, and looks for a short one among all members: for 50 lists beside one of 200,000 that
took 3.4 s instead of 2 ms.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of

ON_A_PAGE: Final = 10_000  # of each list on a page of 50
ALONE: Final = 1_000_000
_LAST: Final = UUID(int=2**128 - 1)
_COUNT: Final = """
SELECT l.id, counted.count FROM unnest(%(ids)s::uuid[]) AS l(id), LATERAL (
    SELECT count(*) FROM (
        SELECT FROM contacts_membership m
        WHERE (m.mailing_list_id, m.contact_id) BETWEEN (l.id, %(first)s::uuid) AND (l.id, %(last)s::uuid)
        LIMIT %(limit)s
    ) AS few
) AS counted
"""
_NEXT: Final = """
SELECT contact_id FROM contacts_membership
WHERE (mailing_list_id, contact_id) > (%(list_id)s, %(after)s)
    AND (mailing_list_id, contact_id) <= (%(list_id)s, %(last)s)
ORDER BY mailing_list_id, contact_id LIMIT %(limit)s
"""


def count_members(list_ids: Sequence[UUID], limit: int) -> dict[UUID, tuple[int, bool]]:
    """Return the members of each list, at most `limit`, and whether there are more."""
    values: dict[str, Any] = {"ids": array_of(list_ids), "first": UUID(int=0), "last": _LAST, "limit": limit + 1}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        return {list_id: (min(count, limit), count > limit) for list_id, count in cursor}


def next_member_ids(list_id: UUID, after: UUID, limit: int) -> list[UUID]:
    """Return the ids of the next members after an id, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"list_id": list_id, "after": after, "last": _LAST, "limit": limit})
        return [contact_id for (contact_id,) in cursor]
