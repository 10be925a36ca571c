"""Keep the counters small: minutes become hours, hours become days (UTC), and what is months ago is deleted.

They name nobody, so how long they are kept is no setting of an organisation.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from distributor.engine.counters.count import COUNTED

# How long rows are kept until they are added up: by the hour, and then by the day.
LEVELS: Final = (("hour", timedelta(hours=3)), ("day", timedelta(days=9)))
# A quarter, which is the longest time that the control room shows, and some days more.
KEPT: Final = timedelta(days=95)

_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('distributor counters', 0))"
_DELETE: Final = "DELETE FROM distributor_minutecount WHERE minute < %s"
_NAMES: Final = ", ".join(COUNTED)
# Arrays are added up class by class: taken apart with their places, summed, and put together again.
_COMPACT: Final = f"""
WITH minutes AS MATERIALIZED (
    DELETE FROM distributor_minutecount
    WHERE minute < date_trunc(%(unit)s, %(before)s::timestamptz, 'UTC')
        AND (shard > 0 OR minute <> date_trunc(%(unit)s, minute, 'UTC'))
    RETURNING *, date_trunc(%(unit)s, minute, 'UTC') AS start
),
calls AS (
    SELECT start, organization_id, channel, provider_account_id, array_agg(count ORDER BY place) AS answers FROM (
        SELECT start, organization_id, channel, provider_account_id, place, sum(count)::int AS count
        FROM minutes, unnest(answers) WITH ORDINALITY AS class_of(count, place) GROUP BY 1, 2, 3, 4, 5
    ) AS by_class GROUP BY 1, 2, 3, 4
)
INSERT INTO distributor_minutecount AS stored (
    minute, organization_id, channel, provider_account_id, shard, answers, {_NAMES})
SELECT start, organization_id, channel, provider_account_id, 0, calls.answers,
    {", ".join(f"sum({name})" for name in COUNTED)}
FROM minutes JOIN calls USING (start, organization_id, channel, provider_account_id)
GROUP BY start, organization_id, channel, provider_account_id, calls.answers
ON CONFLICT (organization_id, minute, channel, provider_account_id, shard) DO UPDATE SET
    answers = ARRAY(SELECT before + added FROM unnest(stored.answers, excluded.answers) AS both_of(before, added)),
    {", ".join(f"{name} = stored.{name} + excluded.{name}" for name in COUNTED)}
"""


def compact_counts(now: datetime) -> None:
    """Add up what is hours ago, and delete what is months ago. Of two at the same time the second does nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return
        cursor.execute(_DELETE, [now - KEPT])
        for unit, kept in LEVELS:
            cursor.execute(_COMPACT, {"unit": unit, "before": now - kept})
