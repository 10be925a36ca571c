"""The counters of the last quarter: one statement for the chart, the funnel, the providers and the scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from distributor.engine.counters.answer_times import percentile
from distributor.engine.infrastructure.sql_params import array_of

FUNNEL_DAYS: Final = (7, 30, 90)
WEEKS: Final = 12
MINUTES: Final = 60
# The messages of so many minutes make the pace.
PACE_MINUTES: Final = 5

_READ: Final = """
WITH counted AS MATERIALIZED (
    SELECT * FROM distributor_minutecount
    WHERE organization_id = ANY(%(organizations)s::uuid[]) AND minute >= %(now)s::timestamptz - interval '91 days'
),
calls AS (
    SELECT account, array_agg(count ORDER BY place) AS answers FROM (
        SELECT provider_account_id AS account, place, sum(count) AS count
        FROM counted, unnest(answers) WITH ORDINALITY AS class_of(count, place)
        WHERE minute >= %(hour_ago)s GROUP BY 1, 2
    ) AS by_class GROUP BY 1
),
by_account AS (
    SELECT provider_account_id AS account, channel,
        coalesce(sum(sent) FILTER (WHERE minute >= %(pace_since)s), 0) AS sent_lately,
        coalesce(sum(sent) FILTER (WHERE minute >= %(hour_ago)s), 0) AS sent_hour,
        coalesce(sum(failed) FILTER (WHERE minute >= %(hour_ago)s), 0) AS failed_hour,
        coalesce(sum(sent) FILTER (WHERE minute >= %(day_ago)s), 0) AS sent_day,
        coalesce(sum(failed + bounced) FILTER (WHERE minute >= %(day_ago)s), 0) AS failed_day,
        coalesce(sum(sent + failed) FILTER (WHERE minute < %(day_ago)s AND minute >= %(week_before)s), 0)
            AS tried_usually,
        coalesce(sum(failed + bounced) FILTER (WHERE minute < %(day_ago)s AND minute >= %(week_before)s), 0)
            AS failed_usually,
        max(minute) FILTER (WHERE events > 0) AS last_event_at
    FROM counted GROUP BY provider_account_id, channel
)
SELECT json_build_object(
    'accounts', (
        SELECT json_agg(a) FROM (SELECT by_account.*, answers FROM by_account LEFT JOIN calls USING (account)) AS a
    ),
    'minutes', (SELECT json_agg(m) FROM (
        SELECT minute, channel, sum(sent) AS sent, sum(failed) AS failed FROM counted
        WHERE minute > %(hour_ago)s GROUP BY minute, channel
    ) AS m),
    'funnel', (SELECT json_agg(f) FROM (
        SELECT days, coalesce(sum(sent + failed + unknown), 0) AS tried, coalesce(sum(sent), 0) AS sent,
            coalesce(sum(delivered), 0) AS delivered, coalesce(sum(opened), 0) AS opened,
            coalesce(sum(responded), 0) AS responded
        FROM unnest(%(funnel_days)s::int[]) AS days
        LEFT JOIN counted ON minute >= %(now)s::timestamptz - days * interval '1 day' GROUP BY days
    ) AS f),
    'weeks', (SELECT json_agg(w) FROM (
        SELECT floor(extract(epoch FROM %(now)s::timestamptz - minute) / 604800)::int AS ago, sum(scored) AS scored,
            sum(score_sum) AS score_sum
        FROM counted WHERE scored <> 0 GROUP BY 1
    ) AS w)
)::text
"""


@dataclass(frozen=True, slots=True)
class AccountCounts:
    """An account's messages. `failed_day` and `failed_usually` include what bounced; "usually" is the week before."""

    sent_lately: int = 0
    sent_hour: int = 0
    failed_hour: int = 0
    sent_day: int = 0
    failed_day: int = 0
    tried_usually: int = 0
    failed_usually: int = 0
    last_event_at: datetime | None = None
    answers: Sequence[int] = ()

    @property
    def answer_seconds(self) -> float | None:
        """Within how many seconds 95 of 100 calls of the last hour were answered."""
        return percentile(self.answers, 0.95)

    @property
    def per_minute(self) -> float:
        return self.sent_lately / PACE_MINUTES


@dataclass(frozen=True, slots=True)
class Counts:
    """`minutes` are those of the last hour: (when, sent by channel, failed). `scores` are averages by week.

    Both begin with the oldest.
    """

    accounts: Mapping[UUID, AccountCounts] = field(default_factory=dict)
    minutes: Sequence[tuple[datetime, Mapping[str, int], int]] = ()
    funnels: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    scores: Sequence[float | None] = ()

    def total(self, name: str) -> int:
        return sum(getattr(account, name) for account in self.accounts.values())


def read_counts(organization_ids: Sequence[UUID], now: datetime) -> Counts:
    """Read the counters of these organisations."""
    minute = now.replace(second=0, microsecond=0)
    parameters: dict[str, Any] = {
        "organizations": array_of(organization_ids),
        "now": now,
        "pace_since": minute - timedelta(minutes=PACE_MINUTES - 1),
        "hour_ago": minute - timedelta(minutes=MINUTES),
        "day_ago": now - timedelta(days=1),
        "week_before": now - timedelta(days=8),
        "funnel_days": array_of(FUNNEL_DAYS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, parameters)
        found: dict[str, Any] = orjson.loads(cursor.fetchone()[0])
    return Counts(
        {UUID(row.pop("account")): _account_counts(row) for row in found["accounts"] or ()},
        _minutes(found["minutes"] or (), minute),
        {row.pop("days"): row for row in found["funnel"] or ()},
        _scores(found["weeks"] or ()),
    )


def _account_counts(row: dict[str, Any]) -> AccountCounts:
    last_event_at, answers = row.pop("last_event_at"), row.pop("answers") or ()
    row.pop("channel")
    return AccountCounts(
        **row, last_event_at=datetime.fromisoformat(last_event_at) if last_event_at else None, answers=answers
    )


def _minutes(rows: Sequence[Mapping[str, Any]], last: datetime) -> list[tuple[datetime, Mapping[str, int], int]]:
    """Return every minute of the hour, also those in which nothing happened. Corrections may be below zero."""
    sent: dict[datetime, dict[str, int]] = {}
    failed: dict[datetime, int] = {}
    for row in rows:
        at = datetime.fromisoformat(row["minute"])
        sent.setdefault(at, {})[row["channel"]] = max(row["sent"], 0)
        failed[at] = failed.get(at, 0) + max(row["failed"], 0)
    moments = (last - timedelta(minutes=ago) for ago in reversed(range(MINUTES)))
    return [(at, sent.get(at, {}), failed.get(at, 0)) for at in moments]


def _scores(rows: Sequence[Mapping[str, int]]) -> list[float | None]:
    by_week = {row["ago"]: row["score_sum"] / row["scored"] for row in rows if row["scored"] > 0}
    return [by_week.get(ago) for ago in reversed(range(WEEKS))]
