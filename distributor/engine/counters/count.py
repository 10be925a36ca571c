"""Add to the counters of the minute, in the transaction of what is counted, as its last statement.

No transaction waits for another one here: each takes a shard that nobody holds. Only if all are held it waits, so the
counters are locked last, after everything that is locked in docs/architecture.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.counters.answer_times import CLASSES, class_of
from distributor.engine.counters.shards import FREE_SHARD, shard_parameters
from distributor.engine.counters.totals import INSERT_TOTALS, NO_ACCOUNT, Totals
from distributor.engine.infrastructure.sql_params import rows_of

COUNTED: Final = (
    "sent",
    "failed",
    "unknown",
    "delivered",
    "clicked",
    "bounced",
    "opened",
    "responded",
    "opted_out",
    "scored",
    "score_sum",
    "events",
)
_NAMES: Final = ", ".join(COUNTED)
_ADD: Final = f"""
WITH {FREE_SHARD}, totals AS ({INSERT_TOTALS})
INSERT INTO distributor_minutecount AS stored (
    minute, organization_id, channel, provider_account_id, shard, answers, {_NAMES})
SELECT date_trunc('minute', %(now)s::timestamptz), %(organization_id)s, channel, account_id, free.shard, answers,
    {_NAMES}
FROM free, json_to_recordset(%(rows)s) AS given(
    channel text, account_id uuid, answers int[], {", ".join(f"{name} int" for name in COUNTED)})
ON CONFLICT (organization_id, minute, channel, provider_account_id, shard) DO UPDATE SET
    answers = ARRAY(SELECT before + added FROM unnest(stored.answers, excluded.answers) AS both_of(before, added)),
    {", ".join(f"{name} = stored.{name} + excluded.{name}" for name in COUNTED)}
"""
_LAST_ROUTE: Final = """
SELECT channel, provider_account_id FROM distributor_attempt WHERE recipient_id = %s ORDER BY number DESC LIMIT 1
"""


class Route(NamedTuple):
    """What counts are kept by, within an organisation."""

    channel: str = ""
    account_id: UUID = NO_ACCOUNT


class Tally(defaultdict[Route, Counter[str]]):
    """What a transaction adds to the counters, by route and by the names in COUNTED. It is written at its end."""

    def __init__(self) -> None:
        super().__init__(Counter)
        self.answers: defaultdict[Route, list[int]] = defaultdict(lambda: [0] * CLASSES)
        self.totals = Totals()

    def add_answer(self, route: Route, seconds: float) -> None:
        """Count a provider's call that took this long."""
        self.answers[route][class_of(seconds)] += 1

    def write(self, organization_id: UUID, now: datetime) -> None:
        """Add all of it to the minute's counters."""
        touched = {*self, *self.answers}
        routes = sorted(route for route in touched if any(self[route].values()) or any(self.answers[route]))
        if not routes:
            return
        rows = [
            {"channel": route.channel, "account_id": route.account_id, "answers": self.answers[route]}
            | {name: self[route][name] for name in COUNTED}
            for route in routes
        ]
        own: dict[str, Any] = {"now": now, "organization_id": organization_id, "rows": rows_of(rows)}
        with connection.cursor() as cursor:
            cursor.execute(_ADD, own | self.totals.parameters() | shard_parameters())


def count_recipient(organization_id: UUID, recipient_id: int, counts: Counter[str], now: datetime) -> None:
    """Count what a recipient did by the route of the message that the recipient was sent last."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_ROUTE, [recipient_id])
        row = cursor.fetchone()
    tally = Tally()
    tally[Route(*row) if row else Route()] = counts
    tally.write(organization_id, now)


def count_attempts(tally: Tally, route: Route, states: Iterable[str], change: int = 1) -> None:
    """Add attempts in these states, or with `change` -1 take them away."""
    for state, count in Counter(states).items():
        tally[route][state] += change * count
