"""Begin: decide, right before the hand-over, who of a batch is really sent to, and write the hand-over down.

The hand-over is committed before the provider is called, so that a crash in between leaves a trace: a hand-over
without a result, which is what “unknown” means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from orjson import loads

from contacts.ids import new_id
from distributor.engine.bulk import array_of
from distributor.engine.claiming import LEASE, Claim
from distributor.engine.holding import hold_batch
from distributor.engine.judging import judge
from distributor.engine.messages import Person
from distributor.engine.outlets import Held, Taken, take_tokens
from distributor.engine.routes import Route
from distributor.engine.steering import Standing, hold_still, step_aside
from distributor.engine.turning_away import turn_away
from distributor.engine.unanswered import find_unanswered, give_up_on_silence
from distributor.models import Batch
from distributor.models.batch import BatchState
from distributor.rules.wording import NO_WORDING, Wording, read_wording

_PEOPLE = """
SELECT r.id, r.code, r.locale, r.attempt_count, r.first_sent_at, r.first_opened_at, r.responded_at,
    c.id, c.external_id, c.email, c.phone, c.first_name, c.last_name, c.title, c.locale, c.opted_out_at,
    c.time_zone, r.baseline_sent_at, r.wording, r.attributes, c.embedded_data
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

    Held when no account takes any now, and then the batch is let go; None when nobody of it waits any more, or the
    route has to be opened anew. Who must not be sent to is stopped, or rerouted to the chain's next step, with a
    Decision. Raises ClaimLost.
    """
    while True:
        with transaction.atomic():
            standing = hold_still(claim.distribution_id)
            if step_aside(claim, standing, now) or is_outdated(route, standing):
                return None
            renew_lease(claim, now)
            people = _lock(_LOCK_WAITING, [claim.batch_id, limit])
            if not people:
                return None
            begun = _begin(claim, route, standing, people, now)
        if begun is not None:
            return begun


def is_outdated(route: Route, standing: Standing) -> bool:
    """Whether steps were added since the route was opened: who is handed over would not go on to them."""
    return route.distribution.follow_up_count != standing.follow_up_count


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
    return [Person(*(*row[:-3], _read(row[-3]), loads(row[-2]), loads(row[-1]))) for row in rows]


def _read(wording: str | None) -> Wording:
    return NO_WORDING if wording is None else read_wording(loads(wording))


def _begin(
    claim: Claim, route: Route, standing: Standing, people: Sequence[Person], now: datetime
) -> Begun | Held | None:
    """Judge people and write the hand-over of those who pass, as many as there are tokens; None when nobody does."""
    unanswered = find_unanswered(route, people)
    people = give_up_on_silence(claim, route, people, unanswered, now)
    if not people:
        return None
    judged = judge(route, standing, people, now)
    turn_away(route, claim, judged, now)
    passed = judged.passed
    if not passed:
        return None
    taken = take_tokens(route.outlets, len(passed), is_urgent=claim.is_urgent, now=now)
    if isinstance(taken, Held):
        hold_batch(claim, taken)
        return taken
    return _hand_over(claim, route, passed[: taken.count], taken, now)


def _hand_over(claim: Claim, route: Route, people: Sequence[Person], taken: Taken, now: datetime) -> Begun:
    handover_id, account_id = new_id(), taken.outlet.account.id
    ids = array_of(person.recipient_id for person in people)
    with connection.cursor() as cursor:
        contact_ids = array_of(person.id for person in people)
        cursor.execute(_TOUCH, [route.distribution.survey_id, now, contact_ids, ids])
        cursor.execute(_HAND_OVER, [handover_id, claim.batch_id, claim.fence, account_id, ids, now])
    return Begun(handover_id, now, people, account_id, taken.is_probe)
