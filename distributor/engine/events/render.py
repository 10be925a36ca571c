"""Make single events of bundles. What they say of people is read now, so an erased person's events name nobody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from contacts.models import Contact
from distributor.engine.events.ids import event_id_of, recipient_id_of
from distributor.engine.infrastructure.sql_params import array_of
from distributor.models import EventBundle
from distributor.rules.event_types import SCHEMA_VERSION, EventType

_RECIPIENTS: Final = """
SELECT r.id, r.distribution_id, d.survey_id, d.key_kind, r.contact_id, c.external_id, '' AS reason
FROM distributor_recipient r JOIN distributor_distribution d ON d.id = r.distribution_id
JOIN contacts_contact c ON c.id = r.contact_id WHERE r.id = ANY(%s::bigint[])
"""
_SKIPPED: Final = """
SELECT s.id, s.distribution_id, d.survey_id, d.key_kind, s.contact_id, c.external_id, s.reason
FROM distributor_decision s JOIN distributor_distribution d ON d.id = s.distribution_id
JOIN contacts_contact c ON c.id = s.contact_id WHERE s.id = ANY(%s::bigint[])
"""
_ATTEMPTS: Final = """
SELECT a.recipient_id, a.number, a.channel, a.provider_account_id, a.provider_message_id, a.code, a.detail
FROM unnest(%s::bigint[], %s::smallint[]) AS wanted(recipient_id, number)
JOIN distributor_attempt a USING (recipient_id, number)
"""
_DISTRIBUTIONS: Final = "SELECT id, survey_id, key_kind FROM distributor_distribution WHERE id = ANY(%s::uuid[])"


class Slice(NamedTuple):
    """Some events of a bundle: those from `start` to before `stop`."""

    bundle: EventBundle
    start: int
    stop: int


class _Subject(NamedTuple):
    """Whom an event is about."""

    id: int
    distribution_id: UUID
    survey_id: UUID
    mode: str
    contact_id: UUID
    external_id: str | None
    reason: str


class _Attempt(NamedTuple):
    channel: str
    provider_id: UUID
    provider_message_id: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `bundle_id` and `place` find it again; events of one `contact_id` are delivered in their order."""

    bundle_id: int
    place: int
    type: str
    occurred_at: datetime
    contact_id: UUID | None
    distribution_id: UUID | None
    survey_id: UUID | None
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        return event_id_of(self.bundle_id, self.place)

    def rendered(self) -> dict[str, Any]:
        """Return the event as callers get it."""
        return {
            "id": self.id,
            "type": self.type,
            "version": SCHEMA_VERSION,
            "occurredAt": self.occurred_at,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of the people and distributions of some bundles."""

    recipients: Mapping[int, _Subject]
    skipped: Mapping[int, _Subject]
    attempts: Mapping[tuple[int, int], _Attempt]
    distributions: Mapping[UUID, tuple[UUID, str]]
    external_ids: Mapping[UUID, str | None]


def render_events(slices: Sequence[Slice]) -> list[Event]:
    """Return the events of all slices, in their order. The rows they are about are read in at most five queries."""
    facts = _read_facts(slices)
    return [_event(each.bundle, place, facts) for each in slices for place in range(each.start, each.stop)]


def _event(bundle: EventBundle, place: int, facts: _Facts) -> Event:
    details = {name: value for name, value in bundle.details.items() if value is not None}
    if bundle.subject_ids is None:
        return _event_of_no_recipient(bundle, details, facts)
    subject_id = bundle.subject_ids[place]
    is_skipped = bundle.type == EventType.SKIPPED
    subject = (facts.skipped if is_skipped else facts.recipients).get(subject_id)
    data: dict[str, Any] = {}
    if subject is not None:
        data = {
            "mode": subject.mode,
            "distributionId": subject.distribution_id,
            "surveyId": subject.survey_id,
            "contactId": subject.contact_id,
            "externalId": subject.external_id,
        }
        if subject.reason:
            data["reason"] = subject.reason
    if not is_skipped:
        data["recipientId"] = recipient_id_of(subject_id)
    number = bundle.numbers[place] if bundle.numbers else 0
    if number:
        data["attempt"] = number
        if (attempt := facts.attempts.get((subject_id, number))) is not None:
            data |= _attempt_data(attempt)
    return Event(
        bundle.pk,
        place,
        bundle.type,
        bundle.at,
        subject.contact_id if subject else None,
        subject.distribution_id if subject else bundle.distribution_id,
        subject.survey_id if subject else None,
        data | details,
    )


def _event_of_no_recipient(bundle: EventBundle, details: dict[str, Any], facts: _Facts) -> Event:
    """Return an event about a contact, a distribution, or an account."""
    contact_id = UUID(details["contactId"]) if "contactId" in details else None
    data: dict[str, Any] = {}
    survey_id = None
    if bundle.distribution_id is not None and bundle.distribution_id in facts.distributions:
        survey_id, mode = facts.distributions[bundle.distribution_id]
        data = {"mode": mode, "distributionId": bundle.distribution_id, "surveyId": survey_id}
    if contact_id is not None:
        data["externalId"] = facts.external_ids.get(contact_id)
    return Event(bundle.pk, 0, bundle.type, bundle.at, contact_id, bundle.distribution_id, survey_id, data | details)


def _attempt_data(attempt: _Attempt) -> dict[str, Any]:
    data: dict[str, Any] = {"channel": attempt.channel, "providerId": attempt.provider_id}
    given = {
        "providerMessageId": attempt.provider_message_id,
        "code": attempt.code,
        "detail": attempt.detail,
    }
    return data | {name: text for name, text in given.items() if text}


def _read_facts(slices: Sequence[Slice]) -> _Facts:
    recipient_ids: set[int] = set()
    skipped_ids: set[int] = set()
    attempts: list[tuple[int, int]] = []
    for bundle, start, stop in slices:
        subjects = (bundle.subject_ids or [])[start:stop]
        (skipped_ids if bundle.type == EventType.SKIPPED else recipient_ids).update(subjects)
        if bundle.numbers:
            attempts += zip(subjects, bundle.numbers[start:stop], strict=True)
    alone = [each.bundle for each in slices if each.bundle.subject_ids is None]
    contact_ids = {bundle.details["contactId"] for bundle in alone if "contactId" in bundle.details}
    contacts = Contact.objects.filter(pk__in=contact_ids) if contact_ids else Contact.objects.none()
    distribution_ids = {bundle.distribution_id for bundle in alone if bundle.distribution_id is not None}
    return _Facts(
        {row[0]: _Subject(*row) for row in _read(_RECIPIENTS, [array_of(recipient_ids)], recipient_ids)},
        {row[0]: _Subject(*row) for row in _read(_SKIPPED, [array_of(skipped_ids)], skipped_ids)},
        {(row[0], row[1]): _Attempt(*row[2:]) for row in _read_attempts(attempts)},
        {row[0]: row[1:] for row in _read(_DISTRIBUTIONS, [array_of(distribution_ids)], distribution_ids)},
        dict(contacts.values_list("pk", "external_id")),
    )


def _read_attempts(attempts: Sequence[tuple[int, int]]) -> list[Any]:
    wanted = sorted({attempt for attempt in attempts if attempt[1]})
    recipient_ids, numbers = [attempt[0] for attempt in wanted], [attempt[1] for attempt in wanted]
    return _read(_ATTEMPTS, [array_of(recipient_ids), array_of(numbers)], wanted)


def _read(statement: str, parameters: Sequence[str], wanted: Iterable[Any]) -> list[Any]:
    if not wanted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
