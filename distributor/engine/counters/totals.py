"""Totals for monitoring: how often something happened since the installation began, and how long it took.

They only grow, because a monitoring system takes a smaller number for a restart. So they are counted beside the
minutes, whose corrections may be below zero and whose rows are deleted after months. Labels have few values: provider,
channel, and what the total itself names. docs/reference/metrics.md lists them.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.counters.answer_times import BOUNDS
from distributor.engine.counters.shards import FREE_SHARD, shard_parameters
from distributor.engine.infrastructure.sql_params import rows_of

NO_ACCOUNT: Final = UUID(int=0)
ATTEMPTS: Final = "attempts"
PROVIDER_CALLS: Final = "provider_calls"
PROVIDER_EVENTS: Final = "provider_events"
EVENT_REQUESTS: Final = "event_requests"
_LAG_BOUNDS: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 3_600.0, 21_600.0, 86_400.0)
# The upper bounds in seconds of the totals that are histograms. The last class has none.
CLASS_BOUNDS: Final[Mapping[str, Sequence[float]]] = {
    PROVIDER_CALLS: BOUNDS,
    PROVIDER_EVENTS: _LAG_BOUNDS,
    EVENT_REQUESTS: _LAG_BOUNDS,
}
# A part of a statement that has FREE_SHARD. An `anymail` account is counted by its service, such as postmark. The rows
# are in the order of the key, as everybody's are.
INSERT_TOTALS: Final = """
INSERT INTO distributor_metrictotal AS stored (name, provider, channel, kind, reason, shard, count, seconds, classes)
SELECT name, coalesce((
        SELECT left(coalesce(configuration ->> 'esp', account.kind), 31)
        FROM channels_provideraccount account WHERE account.id = %(totals_of)s
    ), '') AS provider, channel, kind, reason, free.shard, count, seconds, classes
FROM free, json_to_recordset(%(totals)s) AS given(
    name text, channel text, kind text, reason text, count bigint, seconds double precision, classes bigint[])
ORDER BY name, channel, kind, reason
ON CONFLICT (name, provider, channel, kind, reason, shard) DO UPDATE SET
    count = stored.count + excluded.count,
    seconds = stored.seconds + excluded.seconds,
    classes = ARRAY(SELECT before + added FROM unnest(stored.classes, excluded.classes) AS both_of(before, added))
"""
_ADD: Final = f"WITH {FREE_SHARD} {INSERT_TOTALS}"


class Total(NamedTuple):
    """What a total is kept by, besides the provider."""

    name: str
    channel: str = ""
    kind: str = ""
    reason: str = ""


class Totals:
    """What a transaction adds to the totals. All of it is about one provider account, or about none."""

    def __init__(self, account_id: UUID = NO_ACCOUNT) -> None:
        self.account_id = account_id
        self._counts: Counter[Total] = Counter()
        self._seconds: defaultdict[Total, float] = defaultdict(float)
        self._classes: dict[Total, list[int]] = {}

    def add(self, total: Total, count: int = 1) -> None:
        self._counts[total] += count

    def add_seconds(self, total: Total, seconds: float) -> None:
        """Count something that took this long. Less than nothing, by another machine's clock, counts as nothing."""
        seconds, bounds = max(seconds, 0.0), CLASS_BOUNDS[total.name]
        self._counts[total] += 1
        self._seconds[total] += seconds
        self._classes.setdefault(total, [0] * (len(bounds) + 1))[bisect_left(bounds, seconds)] += 1

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of INSERT_TOTALS."""
        rows = [
            {
                **total._asdict(),
                "count": count,
                "seconds": self._seconds.get(total, 0.0),
                "classes": self._classes.get(total, []),
            }
            for total, count in self._counts.items()
        ]
        return {"totals_of": self.account_id, "totals": rows_of(rows)}

    def write(self) -> None:
        """Add all of it, as the last statement of the transaction."""
        if self._counts:
            with connection.cursor() as cursor:
                cursor.execute(_ADD, self.parameters() | shard_parameters())
