"""Who was left out of a distribution, counted by reason, with the newest of each as an example."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.models import Decision

_COUNT: Final = """
SELECT count(*), max(id) FROM distributor_decision
WHERE distribution_id = %s AND recipient_id IS NULL GROUP BY reason, detail->>'channel' ORDER BY 1 DESC, 2
"""


class SkipGroup(NamedTuple):
    """How many contacts were left out for one reason. `example` is the decision about the last of them."""

    contacts: int
    example: Decision


def count_skips(distribution_id: UUID) -> Sequence[SkipGroup]:
    """Return the groups, the most frequent first. Reads every decision about who was left out."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [distribution_id])
        rows: list[tuple[int, int]] = cursor.fetchall()
    examples = Decision.objects.in_bulk([decision_id for _, decision_id in rows])
    return [SkipGroup(count, examples[decision_id]) for count, decision_id in rows]
