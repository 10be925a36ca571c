"""Repeats: an attempt of unknown outcome is handed over again to a provider that takes its idempotency key.

The repeat is the same attempt: same number, same key, same account. It is handed over as if its first hand-over had
never been settled: its row is deleted with the hand-over that repeats it, and written anew when that is settled. So a
crash in between leaves what it found, an unsettled hand-over. See docs/decisions/0033.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from channels.providers.base import Outcome, Result
from channels.providers.registry import repeat_window
from distributor.engine.counters.count import Route, Tally, count_attempts
from distributor.engine.dispatch.claim import Claim
from distributor.engine.dispatch.handover import Begun, write_handover
from distributor.engine.dispatch.park import park_batch
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.journey.people import Person
from distributor.engine.route.accounts import AccountOption, Hold, take_tokens
from distributor.engine.route.step_context import StepContext
from distributor.models import Attempt
from distributor.models.attempt import AttemptState

_REOPEN = """
WITH reopened AS (
    UPDATE distributor_recipient SET attempt_count = attempt_count - 1 WHERE id = ANY(%s::bigint[])
    RETURNING id, attempt_count
)
DELETE FROM distributor_attempt a USING reopened
WHERE a.recipient_id = reopened.id AND a.number = reopened.attempt_count + 1
"""


def find_repeats(context: StepContext, last_attempts: Mapping[int, Attempt], now: datetime) -> dict[int, Attempt]:
    """Return which of these attempts of unknown outcome may be handed over again now, by recipient."""
    if not last_attempts:
        return {}
    windows = {
        option.account.id: repeat_window(option.kind, option.account)
        for option in context.account_options
        if option.is_active
    }
    return {
        recipient_id: attempt
        for recipient_id, attempt in last_attempts.items()
        if now < attempt.begun_at + windows.get(attempt.provider_account_id, timedelta(0))
    }


def begin_repeat(
    claim: Claim, context: StepContext, people: Sequence[Person], repeats: Mapping[int, Attempt], now: datetime
) -> Begun | Hold:
    """Write the hand-over that repeats the attempts of as many of these people as share one, in one transaction.

    Returns a Hold, and parks the batch, when the attempts' account takes no message now.
    """
    sharing: dict[tuple[UUID, datetime], list[Person]] = defaultdict(list)
    for person in people:
        attempt = repeats[person.recipient_id]
        sharing[attempt.provider_account_id, attempt.begun_at].append(person)
    (account_id, begun_at), people = next(iter(sharing.items()))
    allowance = take_tokens([_option(context, account_id)], len(people), is_urgent=claim.is_urgent, now=now)
    if isinstance(allowance, Hold):
        park_batch(claim, allowance)
        return allowance
    people = people[: allowance.count]
    with connection.cursor() as cursor:
        cursor.execute(_REOPEN, [array_of(person.recipient_id for person in people)])
    again = [person._replace(attempt_count=person.attempt_count - 1) for person in people]
    begun = write_handover(claim, context, again, allowance, begun_at, is_repeat=True)
    if begun is None:
        raise RuntimeError("a repeat needs no quota")
    tally = Tally()
    count_attempts(tally, Route(context.step.channel, account_id), [AttemptState.UNKNOWN.value] * len(people), -1)
    tally.write(context.distribution.organization_id, now)
    return begun


def read_repeated(begun: Begun, results: Sequence[Result]) -> Sequence[Result]:
    """Return what the results of a repeat say about the attempts: only a success says something.

    A refusal is an answer to the repeated request, whose content may have changed. It tells nothing of the first one.
    """
    if not begun.is_repeat:
        return results
    return [each if each.outcome is Outcome.ACCEPTED else replace(each, outcome=Outcome.UNKNOWN) for each in results]


def _option(context: StepContext, account_id: UUID) -> AccountOption:
    return next(option for option in context.account_options if option.account.id == account_id)
