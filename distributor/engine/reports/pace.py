"""How fast a distribution is sent now, from its hand-overs of the last minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of

# Hand-overs of this time are read, so many at most. Their keys are ordered by time, so this is the end of an index.
WINDOW: Final = timedelta(minutes=5)
HANDOVER_LIMIT: Final = 5_000
# What began a moment ago is not taken for a pace of thousands a minute.
LEAST_SECONDS: Final = 10
_LONGEST: Final = timedelta(days=3_650)

_READ: Final = """
SELECT b.distribution_id, sum(cardinality(recent.recipient_ids))::int, min(recent.begun_at)
FROM (
    SELECT batch_id, recipient_ids, begun_at FROM distributor_handover
    WHERE id >= %(first)s ORDER BY id DESC LIMIT %(limit)s
) AS recent
JOIN distributor_batch b ON b.id = recent.batch_id WHERE b.distribution_id = ANY(%(ids)s::uuid[])
GROUP BY b.distribution_id
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """`people` were handed over since `since`; None if nobody was lately."""

    people: int
    since: datetime | None
    now: datetime

    @property
    def per_minute(self) -> float:
        if self.since is None:
            return 0
        return 60 * self.people / max((self.now - self.since).total_seconds(), LEAST_SECONDS)

    def done_at(self, remaining: int) -> datetime | None:
        """Return when so many will have been sent to at this pace; None if nothing moves, or nobody is left."""
        if not self.people or remaining <= 0:
            return None
        return self.now + min(timedelta(minutes=remaining / self.per_minute), _LONGEST)


def read_paces(distribution_ids: Sequence[UUID], now: datetime) -> dict[UUID, Pace]:
    """Return how fast each distribution is sent, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READ, {"first": first_id_at(now - WINDOW), "ids": array_of(distribution_ids), "limit": HANDOVER_LIMIT}
        )
        found = {key: Pace(people, since, now) for key, people, since in cursor.fetchall()}
    return {key: found.get(key, Pace(0, None, now)) for key in distribution_ids}


def first_id_at(moment: datetime) -> UUID:
    """Return the least UUIDv7 of a moment: rows with this id or a higher one were made then or later."""
    return UUID(int=int(moment.timestamp() * 1_000) << 80 | 7 << 76 | 2 << 62)
