"""Count the recipients of each step of a distribution, by what became of its messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.models import Step
from distributor.rules.journey.delivery_events import Progress, Trouble

# The best attempt of a step counts: a resend may arrive although the first copy did not.
_COUNT_ATTEMPTED = """
SELECT step_id, count(*) FILTER (WHERE is_sent), count(*) FILTER (WHERE NOT is_sent AND NOT is_unknown),
    count(*) FILTER (WHERE NOT is_sent AND is_unknown), count(*) FILTER (WHERE progress >= %(delivered)s),
    count(*) FILTER (WHERE progress >= %(opened)s), count(*) FILTER (WHERE progress >= %(clicked)s),
    count(*) FILTER (WHERE bounced), count(*) FILTER (WHERE complained)
FROM (
    SELECT a.step_id, max(a.progress) AS progress,
        bool_or(a.state = 'sent' AND a.trouble < %(undelivered)s) AS is_sent,
        bool_or(a.state = 'unknown') AS is_unknown,
        bool_or(a.trouble = %(bounced)s) AS bounced, bool_or(a.trouble = %(complained)s) AS complained
    FROM distributor_recipient r JOIN distributor_attempt a ON a.recipient_id = r.id
    WHERE r.distribution_id = ANY(%(distribution_ids)s::uuid[]) AND a.step_id = ANY(%(step_ids)s::uuid[])
        AND (%(is_for_all)s OR r.contact_id = ANY(%(contact_ids)s::uuid[]))
    GROUP BY a.step_id, a.recipient_id
) AS attempted GROUP BY step_id
"""
_COUNT_WAITING = """
SELECT b.step_id, count(*) FROM distributor_batch b JOIN distributor_recipient r ON r.batch_id = b.id
WHERE b.distribution_id = ANY(%s::uuid[]) AND b.step_id = ANY(%s::uuid[]) AND b.state <> 'done' AND r.state = 'waiting'
GROUP BY b.step_id
"""


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Numbers of recipients.

    `waiting` recipients wait for this step now, perhaps for another attempt of it. `sent`, `failed` and `unknown` add
    up to those with an attempt. The other counts are subsets of these, as providers report. A bounced message counts as
    failed.
    """

    waiting: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    complained: int = 0


def count_steps(steps: Sequence[Step]) -> dict[UUID, StepCounts]:
    """Return the counts of these steps by step id, in two queries.

    Reads every attempt of the distributions' recipients, unless all of the steps are for one contact each. Do not poll
    it for a large distribution.
    """
    if not steps:
        return {}
    distribution_ids = array_of({step.distribution_id for step in steps})
    step_ids = array_of(step.pk for step in steps)
    contact_ids = [step.contact_id for step in steps if step.contact_id is not None]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_WAITING, [distribution_ids, step_ids])
        waiting: dict[UUID, int] = dict(cursor.fetchall())
        cursor.execute(
            _COUNT_ATTEMPTED,
            {
                "distribution_ids": distribution_ids,
                "step_ids": step_ids,
                "is_for_all": len(contact_ids) < len(steps),
                "contact_ids": array_of(contact_ids),
                "delivered": Progress.DELIVERED.value,
                "opened": Progress.OPENED.value,
                "clicked": Progress.CLICKED.value,
                "complained": Trouble.COMPLAINED.value,
                "undelivered": Trouble.UNDELIVERED.value,
                "bounced": Trouble.BOUNCED.value,
            },
        )
        attempted: dict[UUID, tuple[int, ...]] = {step_id: tuple(counts) for step_id, *counts in cursor.fetchall()}
    return {step.pk: StepCounts(waiting.get(step.pk, 0), *attempted.get(step.pk, ())) for step in steps}
