"""Count, by distribution, the messages that failed or were complained about after their provider took them."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.rules.journey.delivery_events import Trouble

# The recipients of a distribution have ids close together. The few troubled attempts between its first and last id are
# read from their partial index, and the join removes those of other distributions.
_COUNT: Final = """
SELECT distribution.id,
    count(DISTINCT r.id) FILTER (WHERE a.trouble IN (%(undelivered)s, %(bounced)s)),
    count(DISTINCT r.id) FILTER (WHERE a.trouble = %(complained)s),
    count(DISTINCT r.id) FILTER (WHERE a.trouble = %(dropped)s)
FROM unnest(%(ids)s::uuid[]) AS distribution(id)
CROSS JOIN LATERAL (
    SELECT min(id) AS first_id, max(id) AS last_id FROM distributor_recipient WHERE distribution_id = distribution.id
) span
JOIN distributor_attempt a ON a.recipient_id BETWEEN span.first_id AND span.last_id AND a.trouble > 0
JOIN distributor_recipient r ON r.id = a.recipient_id AND r.distribution_id = distribution.id
GROUP BY distribution.id
"""


class DeliveryFailures(NamedTuple):
    """Numbers of recipients with a message that bounced (hard or soft), was complained about, or was dropped."""

    bounced: int
    complained: int
    dropped: int


NO_DELIVERY_FAILURES: Final = DeliveryFailures(0, 0, 0)


def count_delivery_failures(distribution_ids: Sequence[UUID]) -> dict[UUID, DeliveryFailures]:
    """Return the failures by distribution id, in one query. Distributions without any are left out."""
    if not distribution_ids:
        return {}
    ranks = {trouble.name.lower(): trouble.value for trouble in Trouble}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"ids": array_of(distribution_ids), **ranks})
        return {distribution_id: DeliveryFailures(*counts) for distribution_id, *counts in cursor}
