"""What went wrong with messages after their providers took them, counted by distribution."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.rules.journey.delivery_events import Trouble

# A distribution's recipients lie close together: from the first to the last, the few tries in trouble are read along
# their own index. The others between them are told apart by the join.
_COUNT: Final = """
SELECT wanted.id,
    count(DISTINCT r.id) FILTER (WHERE a.trouble IN (%(undelivered)s, %(bounced)s)),
    count(DISTINCT r.id) FILTER (WHERE a.trouble = %(complained)s),
    count(DISTINCT r.id) FILTER (WHERE a.trouble = %(dropped)s)
FROM unnest(%(ids)s::uuid[]) AS wanted(id)
CROSS JOIN LATERAL (
    SELECT min(id) AS first_id, max(id) AS last_id FROM distributor_recipient WHERE distribution_id = wanted.id
) span
JOIN distributor_attempt a ON a.recipient_id BETWEEN span.first_id AND span.last_id AND a.trouble > 0
JOIN distributor_recipient r ON r.id = a.recipient_id AND r.distribution_id = wanted.id
GROUP BY wanted.id
"""


class DeliveryFailures(NamedTuple):
    """How many recipients' messages bounced, hard or soft, were complained of, and were dropped by the provider."""

    bounced: int
    complained: int
    dropped: int


NO_DELIVERY_FAILURES: Final = DeliveryFailures(0, 0, 0)


def count_delivery_failures(distribution_ids: Sequence[UUID]) -> dict[UUID, DeliveryFailures]:
    """By distribution, in one statement; those without any are left out."""
    if not distribution_ids:
        return {}
    kinds = {kind.name.lower(): kind.value for kind in Trouble}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"ids": array_of(distribution_ids), **kinds})
        return {distribution_id: DeliveryFailures(*counts) for distribution_id, *counts in cursor}
