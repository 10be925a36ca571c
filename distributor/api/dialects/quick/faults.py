"""Everything that is wrong with a quick body, at once: the slow pass, made only when the fast one has failed."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from contacts.identity import EmailsTakenError, PhonesTakenError, UnknownContactsError
from contacts.models import Contact, Organization
from distributor.api.dialects.quick.translate import to_step
from distributor.api.dialects.quick.wire import MAX_CHANNELS, MAX_CONTACTS, NAMELESS, QuickChannel
from distributor.api.problems import Fault, Problem, invalid_request
from distributor.api.reference_faults import list_or_empty, reference_fault, uuid_or_none
from distributor.api.validation import faults_of
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError, step_faults
from distributor.models import Survey


class SurveyMismatch(Exception):
    """The path and the body name different surveys."""


REFUSALS: Final = (
    ValidationError,
    SurveyMismatch,
    UnknownReferencesError,
    UnknownContactsError,
    EmailsTakenError,
    PhonesTakenError,
)
IDENTIFIERS: Final = ("externalId", "contactId", "email")


def explain(refusal: Exception, organization: Organization, survey_id: UUID, body: bytes) -> Problem:
    """The answer to one of REFUSALS, with every fault of the body, not only those that it was refused for.

    404 for a survey or contacts that there are not, 409 for addresses that are taken, otherwise 400.
    """
    faults = faults_of(refusal) if isinstance(refusal, ValidationError) else []
    wrong = {fault.pointer for fault in faults}
    faults += [fault for fault in _name_faults(organization, survey_id, body) if fault.pointer not in wrong]
    if isinstance(refusal, EmailsTakenError):
        faults += _taken_faults(body, refusal.ids, "email", "email_taken", "This e-mail address is another contact's.")
        return Problem(HTTPStatus.CONFLICT, "email_taken", "An e-mail address is another contact's.", faults)
    if isinstance(refusal, PhonesTakenError):
        faults += _taken_faults(body, refusal.ids, "phone", "phone_taken", "This phone number is another contact's.")
        return Problem(HTTPStatus.CONFLICT, "phone_taken", "A phone number is another contact's.", faults)
    if isinstance(refusal, UnknownContactsError):
        return Problem(HTTPStatus.NOT_FOUND, "contact_not_found", "There is no contact with such an id.", faults)
    if isinstance(refusal, UnknownReferencesError) and any(fault.what == "survey" for fault in refusal.faults):
        return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such survey.", faults)
    return invalid_request(faults)


def _name_faults(organization: Organization, survey_id: UUID, body: bytes) -> Iterator[Fault]:
    """What is named by ids and is not there, as far as the body can be read."""
    try:
        given = from_json(body)
    except ValueError:
        return
    if isinstance(given, dict):
        yield from _survey_faults(organization, survey_id, given)
        yield from _channel_faults(organization, given)
        yield from _contact_faults(organization, given)


def _survey_faults(organization: Organization, survey_id: UUID, given: dict[str, Any]) -> Iterator[Fault]:
    named = uuid_or_none(given.get("surveyId"))
    if named is not None and named != survey_id:
        yield Fault("/surveyId", "survey_mismatch", "surveyId in the path and in the body differ.")
    elif not Survey.objects.filter(organization=organization, id=survey_id).exists():
        yield reference_fault("/surveyId", UnknownReference(None, "survey", "not_found"))


def _channel_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    readable = {}
    for position, channel in enumerate(list_or_empty(given.get("channels"))[:MAX_CHANNELS]):
        try:
            readable[position] = to_step(QuickChannel.model_validate_json(to_json(channel)))
        except ValidationError:
            continue
    positions = list(readable)
    for fault in step_faults(organization, list(readable.values())):
        assert fault.step is not None
        yield reference_fault(f"/channels/{positions[fault.step]}/{fault.what}Id", fault)


def _contact_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    for position, contact in enumerate(list_or_empty(given.get("contacts"))[:MAX_CONTACTS]):
        if isinstance(contact, dict) and not any(_is_said(contact.get(key)) for key in IDENTIFIERS):
            yield Fault(f"/contacts/{position}", *NAMELESS)
    ids = _contact_ids(given)
    named = Contact.objects.filter(organization=organization, id__in=ids.values(), erased_at=None)
    known = set(named.values_list("id", flat=True))
    for position, contact_id in ids.items():
        if contact_id not in known:
            yield Fault(f"/contacts/{position}/contactId", "contact_not_found", "There is no contact with this id.")


def _taken_faults(body: bytes, taken: frozenset[UUID], field: str, code: str, detail: str) -> Iterator[Fault]:
    given = from_json(body)
    for position, contact_id in _contact_ids(given).items():
        if contact_id in taken and given["contacts"][position].get(field):
            yield Fault(f"/contacts/{position}/{field}", code, detail)


def _contact_ids(given: dict[str, Any]) -> dict[int, UUID]:
    """The ids by the positions of their contacts."""
    return {
        position: contact_id
        for position, contact in enumerate(list_or_empty(given.get("contacts"))[:MAX_CONTACTS])
        if isinstance(contact, dict) and (contact_id := uuid_or_none(contact.get("contactId"))) is not None
    }


def _is_said(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
