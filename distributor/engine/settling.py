"""Settle: write down what a hand-over came to, and what follows for each of its people, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from random import random

from django.db import connection, transaction

from channels.providers.base import Outcome, Result
from distributor.engine.beginning import Begun
from distributor.engine.bulk import array_of, rows_of, storable
from distributor.engine.claiming import Claim
from distributor.engine.journeys import Move, move_recipients
from distributor.engine.messages import Person
from distributor.engine.rearming import arm_batch
from distributor.engine.routes import Route
from distributor.engine.sequel import follow
from distributor.models import Attempt, Batch, Decision, Handover
from distributor.models.attempt import AttemptState
from distributor.models.recipient import RecipientState

_ATTEMPT_STATES = {Outcome.ACCEPTED: AttemptState.SENT, Outcome.UNKNOWN: AttemptState.UNKNOWN}

_INSERT_ATTEMPTS = """
INSERT INTO distributor_attempt (
    recipient_id, number, state, provider_message_id, code, detail,
    step_id, provider_account_id, channel, begun_at, ended_at)
SELECT given.*, %(step_id)s, %(account_id)s, %(channel)s, %(begun_at)s, %(ended_at)s
FROM json_to_recordset(%(attempts)s) AS given(
    recipient_id bigint, number smallint, state text, provider_message_id text, code text, detail text)
"""
_GIVE_BACK_TOUCHES = """
UPDATE distributor_touch t SET last_sent_at = previous_sent_at, previous_sent_at = NULL
FROM unnest(%s::uuid[], %s::bigint[]) AS unreached(contact_id, recipient_id)
WHERE t.contact_id = unreached.contact_id AND t.survey_id = %s AND t.recipient_id = unreached.recipient_id
"""


def settle(claim: Claim, route: Route, begun: Begun, results: Sequence[Result], now: datetime) -> None:
    """Record one result per person. A hand-over that was settled already (by the sweep) is left as it is."""
    outcomes = list(zip(begun.people, results, strict=True))
    with transaction.atomic():
        if not Handover.objects.filter(id=begun.handover_id, settled_at=None).update(settled_at=now):
            return
        # One draw a hand-over: those who fail together wait together, in one batch.
        jitter = random()  # noqa: S311  it spreads load and keeps no secret
        sequel = follow(route, begun.begun_at, outcomes, _with_unknown_tries(begun.people), now, jitter)
        for onward, recipient_ids in sequel.onward.items():
            batch_id = arm_batch(claim, onward.step_id, onward.due_at, len(recipient_ids))
            sequel.moves += [
                Move(
                    recipient_id,
                    RecipientState.WAITING,
                    batch_id=batch_id,
                    is_attempt=onward.is_attempt,
                    sent_at=onward.sent_at,
                )
                for recipient_id in recipient_ids
            ]
        _insert_attempts(route, begun, sequel.tried, now)
        Decision.objects.bulk_create(sequel.decisions)
        _give_back_touches(route, sequel.unreached)
        move_recipients(route.distribution.id, sequel.moves, duplicate_risks=sequel.duplicate_risks)
        # Last, because a pause locks the distribution and then its batches.
        Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(claims=0, last_error="", held_by=None)


def _with_unknown_tries(people: Sequence[Person]) -> set[int]:
    again = [person.recipient_id for person in people if person.attempt_count]
    if not again:
        return set()
    tries = Attempt.objects.filter(recipient_id__in=again, state=AttemptState.UNKNOWN)
    return set(tries.values_list("recipient_id", flat=True))


def _insert_attempts(route: Route, begun: Begun, tried: Sequence[tuple[Person, Result]], now: datetime) -> None:
    if not tried:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ATTEMPTS,
            {
                "step_id": route.step.id,
                "account_id": begun.account_id,
                "channel": route.step.channel,
                "begun_at": begun.begun_at,
                "ended_at": now,
                "attempts": rows_of(
                    [
                        {
                            "recipient_id": person.recipient_id,
                            "number": person.attempt_count + 1,
                            "state": _ATTEMPT_STATES.get(result.outcome, AttemptState.FAILED),
                            "provider_message_id": storable(result.provider_message_id, 255),
                            "code": storable(result.code, 63),
                            "detail": storable(result.detail, 500),
                        }
                        for person, result in tried
                    ]
                ),
            },
        )


def _give_back_touches(route: Route, people: Sequence[Person]) -> None:
    if not people:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _GIVE_BACK_TOUCHES,
            [
                array_of(person.id for person in people),
                array_of(person.recipient_id for person in people),
                route.distribution.survey_id,
            ],
        )
