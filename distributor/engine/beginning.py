"""Begin: decide, right before the hand-over, who of a batch is really sent to, and write the hand-over down.

The hand-over is committed before the provider is called, so that a crash in between leaves a trace: a hand-over
without a result, which is what “unknown” means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from orjson import loads

from contacts.ids import new_id
from distributor.engine.acceptance import contact_limits
from distributor.engine.bulk import array_of
from distributor.engine.claiming import LEASE, Claim
from distributor.engine.facts import gather_facts
from distributor.engine.holding import hold_batch
from distributor.engine.journeys import Move, move_recipients
from distributor.engine.messages import Person
from distributor.engine.outlets import Held, Taken, take_tokens
from distributor.engine.rearming import arm_batch, arm_onward
from distributor.engine.routes import Route
from distributor.engine.sequel import give_up
from distributor.engine.steering import Standing, hold_still, step_aside
from distributor.models import Attempt, Batch, Decision
from distributor.models.attempt import AttemptState
from distributor.models.batch import BatchState
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.eligibility import ContactFacts, Refusal, refuse_channel, refuse_contact, refuse_everybody
from distributor.rules.requests import AudienceRules
from distributor.rules.retrying import is_resent

_PEOPLE = """
SELECT r.id, r.code, r.locale, r.attempt_count, r.first_sent_at,
    c.id, c.external_id, c.email, c.phone, c.first_name, c.last_name, c.title, c.locale, c.opted_out_at,
    r.attributes, c.embedded_data
FROM distributor_recipient r JOIN contacts_contact c ON c.id = r.contact_id
"""
_LOCK_WAITING = f"{_PEOPLE} WHERE r.batch_id = %s AND r.state = 'waiting' ORDER BY r.id LIMIT %s FOR NO KEY UPDATE OF r"
_LOCK_NAMED = f"{_PEOPLE} WHERE r.id = ANY(%s::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r"
# Reserved here and given back when a message certainly did not leave (engine/settling.py).
_TOUCH = """
INSERT INTO distributor_touch AS t (contact_id, survey_id, recipient_id, last_sent_at)
SELECT contact_id, %s, recipient_id, %s FROM unnest(%s::uuid[], %s::bigint[]) AS given(contact_id, recipient_id)
ORDER BY contact_id
ON CONFLICT (contact_id, survey_id) DO UPDATE SET
    previous_sent_at = CASE t.recipient_id
        WHEN excluded.recipient_id THEN t.previous_sent_at ELSE t.last_sent_at END,
    recipient_id = excluded.recipient_id, last_sent_at = excluded.last_sent_at
"""
_HAND_OVER = """
INSERT INTO distributor_handover (id, batch_id, fence, provider_account_id, recipient_ids, begun_at)
VALUES (%s, %s, %s, %s, %s::bigint[], %s)
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A hand-over that is written down, with the people it names."""

    handover_id: UUID
    begun_at: datetime
    people: Sequence[Person]
    account_id: UUID
    is_probe: bool = False


class ClaimLost(Exception):
    """Another worker holds the batch by now: leave it alone."""


def begin(claim: Claim, route: Route, limit: int, now: datetime) -> Begun | Held | None:
    """The next people of a batch, at most `limit`, handed over as of now to one of the route's accounts.

    Held when no account takes any now, and then the batch is let go; None when nobody of it waits any more. Who must
    not be sent to is stopped, or rerouted to the chain's next step, with a Decision. Raises ClaimLost.
    """
    while True:
        with transaction.atomic():
            standing = hold_still(claim.distribution_id)
            if step_aside(claim, standing, now):
                return None
            renew_lease(claim, now)
            people = _lock(_LOCK_WAITING, [claim.batch_id, limit])
            if not people:
                return None
            begun = _begin(claim, route, standing, people, now)
        if begun is not None:
            return begun


def renew_lease(claim: Claim, now: datetime) -> None:
    """Hold the batch for another lease. Raises ClaimLost when the hold has passed on."""
    held = Batch.objects.filter(
        id=claim.batch_id, fence=claim.fence, state=BatchState.WAITING, lease_expires_at__gt=now
    ).update(lease_expires_at=now + LEASE)
    if not held:
        raise ClaimLost


def lock_people(recipient_ids: Sequence[int]) -> list[Person]:
    """These recipients, whatever their state, locked until the caller's transaction ends."""
    return _lock(_LOCK_NAMED, [array_of(recipient_ids)])


def _lock(statement: str, parameters: list[Any]) -> list[Person]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    # Django leaves JSON to its model fields; a raw cursor gives it as text.
    return [Person(*(*row[:-2], loads(row[-2]), loads(row[-1]))) for row in rows]


def _begin(
    claim: Claim, route: Route, standing: Standing, people: Sequence[Person], now: datetime
) -> Begun | Held | None:
    """Judge people and write the hand-over of those who pass, as many as there are tokens; None when nobody does."""
    unanswered = _find_unanswered(route, people)
    if unanswered:
        people = _give_up(claim, route, people, unanswered, now)
    if not people:
        return None
    distribution, channel = route.distribution, route.step.channel
    limits = contact_limits(
        distribution.organization,
        AudienceRules(
            respect_frequency_rules=distribution.respect_frequency_rules,
            exclude_recently_contacted=distribution.exclude_recently_contacted,
            recent_contact_days=distribution.recent_contact_days,
        ),
    )
    if limits.any:
        _take_turn(distribution.organization_id)
    facts = gather_facts(
        distribution.organization_id,
        people,
        list(dict.fromkeys([channel, *(step.channel for step in route.steps)])),
        limits,
        own_journeys=[person.recipient_id for person in people],
    )
    passed: list[Person] = []
    refused: list[tuple[Person, ContactFacts, Refusal]] = []
    over = refuse_everybody(standing.cancelled_at, standing.expires_at, standing.not_after, now)
    for person, known in zip(people, facts, strict=True):
        refusal = over
        if refusal is None and known is not None:
            refusal = refuse_contact(known, limits, now) or refuse_channel(known, channel)
        if refusal is None:
            passed.append(person)
        else:
            refused.append((person, known or ContactFacts({}), refusal))
    if refused:
        _refuse(route, claim, refused, unanswered, now)
    if not passed:
        return None
    taken = take_tokens(route.outlets, len(passed), is_urgent=claim.is_urgent, now=now)
    if isinstance(taken, Held):
        hold_batch(claim, taken)
        return taken
    return _hand_over(claim, route, passed[: taken.count], taken, now)


def _find_unanswered(route: Route, people: Sequence[Person]) -> dict[int, list[datetime]]:
    """When the tries of unknown outcome on this step were begun, of those whose last try is one.

    They have waited as long as the provider may take to tell (Provider.evidence_window).
    """
    last_numbers = {person.recipient_id: person.attempt_count for person in people if person.attempt_count}
    if not last_numbers:
        return {}
    begun: dict[int, list[datetime]] = {}
    answered = set(last_numbers)
    tries = Attempt.objects.filter(
        recipient_id__in=list(last_numbers), step_id=route.step.id, state=AttemptState.UNKNOWN
    )
    for recipient_id, number, begun_at in tries.order_by("number").values_list("recipient_id", "number", "begun_at"):
        begun.setdefault(recipient_id, []).append(begun_at)
        if number == last_numbers[recipient_id]:
            answered.discard(recipient_id)
    return {recipient_id: moments for recipient_id, moments in begun.items() if recipient_id not in answered}


def _give_up(
    claim: Claim, route: Route, people: Sequence[Person], unanswered: Mapping[int, Sequence[datetime]], now: datetime
) -> list[Person]:
    """End the step, as indeterminate, for those who get no further copy. Returns the others."""
    silent = {
        recipient_id: begun[-1]
        for recipient_id, begun in unanswered.items()
        if not is_resent(route.step.channel, len(begun))
    }
    if silent:
        sequel = give_up(
            route,
            [(person, silent[person.recipient_id]) for person in people if person.recipient_id in silent],
            now,
        )
        move_recipients(route.distribution.id, sequel.moves + arm_onward(claim, sequel))
    return [person for person in people if person.recipient_id not in silent]


def _hand_over(claim: Claim, route: Route, people: Sequence[Person], taken: Taken, now: datetime) -> Begun:
    handover_id, account_id = new_id(), taken.outlet.account.id
    ids = array_of(person.recipient_id for person in people)
    with connection.cursor() as cursor:
        contact_ids = array_of(person.id for person in people)
        cursor.execute(_TOUCH, [route.distribution.survey_id, now, contact_ids, ids])
        cursor.execute(_HAND_OVER, [handover_id, claim.batch_id, claim.fence, account_id, ids, now])
    return Begun(handover_id, now, people, account_id, taken.is_probe)


def _refuse(
    route: Route,
    claim: Claim,
    refused: Sequence[tuple[Person, ContactFacts, Refusal]],
    unanswered: Mapping[int, Sequence[datetime]],
    now: datetime,
) -> None:
    """Stop people, or put them on the chain's next step when only this channel is shut to them."""
    moves: list[Move] = []
    decisions: list[Decision] = []
    rerouted: dict[UUID, list[int]] = {}
    for person, known, refusal in refused:
        step = route.next_step(known.addresses) if refusal.reason.is_about_the_channel else None
        if step is not None:
            rerouted.setdefault(step.id, []).append(person.recipient_id)
        elif person.first_sent_at is not None:
            # An earlier step of the chain reached it: this one has nothing to add.
            moves.append(Move(person.recipient_id, RecipientState.FINISHED, RecipientOutcome.SENT))
        elif person.recipient_id in unanswered:
            # It is not sent again, and may have been sent.
            outcome = RecipientOutcome.INDETERMINATE
            moves.append(Move(person.recipient_id, RecipientState.FINISHED, outcome, "unknown_outcome"))
        else:
            moves.append(Move(person.recipient_id, RecipientState.STOPPED, reason=refusal.reason))
        decisions.append(
            Decision(
                distribution_id=route.distribution.id,
                contact_id=person.id,
                recipient_id=person.recipient_id,
                kind=DecisionKind.REROUTED if step else DecisionKind.STOPPED,
                reason=refusal.reason,
                detail=dict(refusal.detail),
                decided_at=now,
            )
        )
    for step_id, recipient_ids in rerouted.items():
        batch_id = arm_batch(claim, step_id, now, len(recipient_ids))
        moves += [Move(recipient_id, RecipientState.WAITING, batch_id=batch_id) for recipient_id in recipient_ids]
    Decision.objects.bulk_create(decisions)
    move_recipients(route.distribution.id, moves)


def _take_turn(organization_id: UUID) -> None:
    """Where a frequency rule holds, an organisation's begins go one after the other (10–30 ms each).

    Otherwise two distributions that begin at once would each not see the other's touch of the same contact.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"begin {organization_id}"])
