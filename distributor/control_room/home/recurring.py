"""The next occurrences of recurring distributions, with the size of their lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of

SHOWN: Final = 5
# Members are counted up to here.
SIZE_LIMIT: Final = 10_000

_READ: Final = f"""
SELECT r.id, r.organization_id, r.name, r.next_at, list.name,
    (SELECT count(*) FROM (
        SELECT FROM contacts_membership m WHERE m.mailing_list_id = r.mailing_list_id LIMIT {SIZE_LIMIT}
    ) AS members)
FROM distributor_recurringdistribution r JOIN contacts_mailinglist list ON list.id = r.mailing_list_id
WHERE r.is_active AND r.organization_id = ANY(%s::uuid[]) ORDER BY r.next_at, r.id LIMIT {SHOWN}
"""


class Upcoming(NamedTuple):
    """The next occurrence of a recurring distribution. `size` is at most SIZE_LIMIT."""

    id: UUID
    organization_id: UUID
    name: str
    next_at: datetime
    list_name: str
    size: int

    @property
    def is_capped(self) -> bool:
        return self.size == SIZE_LIMIT


def read_upcoming(organization_ids: Sequence[UUID]) -> list[Upcoming]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [array_of(organization_ids)])
        return [Upcoming(*row) for row in cursor.fetchall()]
