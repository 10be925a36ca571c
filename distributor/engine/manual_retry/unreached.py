"""The recipients who were not reached and may be retried: counted by reason, or locked to be sent to again."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.rules.journey.manual_retry import RetrySelection
from distributor.rules.journey.stop_reasons import FINAL_STOPS

MAX_GROUPS: Final = 100

# Recipients who were stopped for good, for example by an opt-out, are not retried, even if an attempt failed before.
_UNREACHED: Final = """
FROM distributor_recipient r
LEFT JOIN distributor_attempt first ON first.recipient_id = r.id AND first.number = 1
LEFT JOIN distributor_attempt last ON last.recipient_id = r.id AND last.number = r.attempt_count
JOIN distributor_batch batch ON batch.id = r.batch_id
JOIN distributor_step step ON step.id = coalesce(last.step_id, batch.step_id)
WHERE r.distribution_id = %(distribution_id)s
    AND r.state = 'finished' AND r.outcome = ANY(%(outcomes)s::text[])
    AND r.first_sent_at IS NULL AND r.responded_at IS NULL
    AND (%(reasons)s::text[] = '{}' OR r.reason = ANY(%(reasons)s::text[]))
    AND (%(step_ids)s::uuid[] = '{}' OR step.id = ANY(%(step_ids)s::uuid[]))
    AND (%(channels)s::text[] = '{}' OR step.channel = ANY(%(channels)s::text[]))
    AND (%(codes)s::text[] = '{}' OR coalesce(last.code, '') = ANY(%(codes)s::text[]))
    AND (%(contact_ids)s::uuid[] = '{}' OR r.contact_id = ANY(%(contact_ids)s::uuid[]))
    AND NOT EXISTS (
        SELECT FROM distributor_decision stop
        WHERE stop.recipient_id = r.id AND stop.kind = 'stopped' AND stop.reason = ANY(%(final_stops)s::text[]))
"""
_COUNT_BY_REASON: Final = f"""
SELECT r.outcome, r.reason, step.channel, coalesce(last.code, '') AS code,
    (array_agg(coalesce(last.detail, '') ORDER BY r.id DESC))[1], count(*)
{_UNREACHED}
GROUP BY r.outcome, r.reason, step.channel, coalesce(last.code, '') ORDER BY count(*) DESC, 1, 2, 3, 4
"""
_LOCK_NEXT: Final = f"""
SELECT r.id, r.contact_id, r.outcome, r.reason, r.batch_id, coalesce(first.step_id, batch.step_id), step.channel,
    coalesce(last.code, ''), coalesce(last.detail, '')
{_UNREACHED} AND r.id > %(after_id)s AND r.id <= %(last_id)s
ORDER BY r.id LIMIT %(limit)s FOR NO KEY UPDATE OF r
"""


class UnreachedGroup(NamedTuple):
    """How many recipients were not reached for one reason. `detail` is what the provider told about the last of them.

    `channel`, `code` and `detail` are those of the last attempt; `code` and `detail` are "" if the provider gave none.
    """

    outcome: str
    reason: str
    channel: str
    code: str
    detail: str
    recipients: int


class Unreached(NamedTuple):
    """A recipient who was not reached.

    `first_step_id` is the step of the first attempt; `channel`, `code` and `detail` are those of the last attempt.
    """

    id: int
    contact_id: UUID
    outcome: str
    reason: str
    batch_id: UUID
    first_step_id: UUID
    channel: str
    code: str
    detail: str


def count_unreached(distribution_id: UUID, selection: RetrySelection) -> list[UnreachedGroup]:
    """Count whom a retry would concern now, by outcome, reason, channel and the provider's code; most frequent first.

    At most MAX_GROUPS groups: the last holds the rest, with "other" as its reason.
    """
    groups = [UnreachedGroup(*row) for row in _rows(_COUNT_BY_REASON, _parameters(distribution_id, selection))]
    if len(groups) <= MAX_GROUPS:
        return groups
    rest = sum(group.recipients for group in groups[MAX_GROUPS - 1 :])
    return [*groups[: MAX_GROUPS - 1], UnreachedGroup("", "other", "", "", "", rest)]


def lock_unreached(
    distribution_id: UUID, selection: RetrySelection, *, after_id: int, last_id: int, limit: int
) -> list[Unreached]:
    """Lock the next recipients whom a retry concerns, by id, until the caller's transaction ends."""
    parameters = _parameters(distribution_id, selection)
    parameters |= {"after_id": after_id, "last_id": last_id, "limit": limit}
    return [Unreached(*row) for row in _rows(_LOCK_NEXT, parameters)]


def _parameters(distribution_id: UUID, selection: RetrySelection) -> dict[str, Any]:
    return {
        "distribution_id": distribution_id,
        "outcomes": [outcome.value for outcome in selection.outcomes],
        "reasons": list(selection.reasons),
        "step_ids": array_of(selection.step_ids),
        "channels": list(selection.channels),
        "contact_ids": array_of(selection.contact_ids),
        "codes": list(selection.codes),
        "final_stops": [reason.value for reason in FINAL_STOPS],
    }


def _rows(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
