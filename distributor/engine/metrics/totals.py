"""The totals that transactions have counted (engine/counters/totals.py), over all shards."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from django.db import connection

from distributor.engine.counters import totals
from distributor.engine.dispatch.result_totals import REASONS
from distributor.engine.metrics import catalogue
from distributor.engine.metrics.family import Family

READ: Final = """
SELECT name, provider, channel, kind, reason, sum(count)::bigint, sum(seconds), coalesce((
    SELECT array_agg(of_class ORDER BY place) FROM (
        SELECT place, sum(in_shard)::bigint AS of_class
        FROM distributor_metrictotal again, unnest(again.classes) WITH ORDINALITY AS class_of(in_shard, place)
        WHERE (again.name, again.provider, again.channel, again.kind, again.reason)
            = (total.name, total.provider, total.channel, total.kind, total.reason)
        GROUP BY place
    ) AS by_class
), '{}')
FROM distributor_metrictotal total GROUP BY name, provider, channel, kind, reason ORDER BY 1, 2, 3, 4, 5
"""


# Prometheus sees no increase in the first number of a series. So what alerts ask for is 0 before it happens.
_BEFORE_IT_HAPPENS: Final = tuple((result, reason) for result in ("failed", "unknown") for reason in REASONS)


class _Row(NamedTuple):
    name: str
    provider: str
    channel: str
    kind: str
    reason: str
    number: int
    seconds: float
    classes: list[int]


def read_totals() -> list[Family]:
    """Read them in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        rows = [_Row(*row) for row in cursor.fetchall()]
    attempts, reports = Family(catalogue.ATTEMPTS), Family(catalogue.PROVIDER_EVENTS)
    requests = Family(catalogue.EVENT_REQUESTS)
    for row in rows:
        if row.name == totals.ATTEMPTS:
            attempts.add(row.number, row.provider, row.channel, row.kind, row.reason)
        elif row.name == totals.PROVIDER_EVENTS:
            reports.add(row.number, row.provider, row.channel, row.kind)
        elif row.name == totals.EVENT_REQUESTS:
            requests.add(row.number, row.kind)
    counted = {(row.provider, row.channel, row.kind, row.reason) for row in rows if row.name == totals.ATTEMPTS}
    for provider, channel in sorted({labels[:2] for labels in counted}):
        for result, reason in _BEFORE_IT_HAPPENS:
            if (provider, channel, result, reason) not in counted:
                attempts.add(0, provider, channel, result, reason)
    of_calls = [row for row in rows if row.name == totals.PROVIDER_CALLS]
    of_reports = [row for row in rows if row.name == totals.PROVIDER_EVENTS]
    delivered = [row for row in rows if row.name == totals.EVENT_REQUESTS and row.kind == "delivered"]
    calls = _histogram(Family(catalogue.PROVIDER_CALLS), of_calls, lambda row: (row.provider, row.channel))
    report_lag = _histogram(Family(catalogue.PROVIDER_EVENT_LAG), of_reports, lambda row: (row.provider,))
    event_lag = _histogram(Family(catalogue.EVENT_LAG), delivered, lambda row: ())
    return [attempts, calls, reports, report_lag, requests, event_lag]


def _histogram(family: Family, rows: Iterable[_Row], labels_of: Callable[[_Row], tuple[str, ...]]) -> Family:
    classes: dict[tuple[str, ...], list[int]] = {}
    seconds: dict[tuple[str, ...], float] = {}
    bounds = {}
    for row in rows:
        labels = labels_of(row)
        before = classes.get(labels, [0] * len(row.classes))
        classes[labels] = [count + added for count, added in zip(before, row.classes, strict=True)]
        seconds[labels] = seconds.get(labels, 0.0) + row.seconds
        bounds[labels] = totals.CLASS_BOUNDS[row.name]
    for labels, counts in classes.items():
        family.add_histogram(bounds[labels], counts, seconds[labels], *labels)
    return family
