"""Find every fault of a quick body at once. Slow, so it runs only after a call was refused."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from contacts.identity import EmailsTakenError, PhonesTakenError, TooManyDataKeysError, UnknownContactsError
from contacts.models import Contact, Organization
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.reference_faults import (
    data_faults,
    is_given,
    list_or_empty,
    objects_in,
    reference_fault,
    uuid_or_none,
)
from distributor.api.bodies.validation import faults_of
from distributor.api.dialects.quick.translate import to_step
from distributor.api.dialects.quick.wire import MAX_CHANNELS, MAX_CONTACTS, NO_IDENTIFIER, QuickChannel
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError, step_faults
from distributor.models import Survey


class SurveyMismatchError(Exception):
    """The path and the body name different surveys."""


REFUSALS: Final = (
    ValidationError,
    SurveyMismatchError,
    UnknownReferencesError,
    UnknownContactsError,
    EmailsTakenError,
    PhonesTakenError,
    TooManyDataKeysError,
)
IDENTIFIERS: Final = ("externalId", "contactId", "email")


def explain(refusal: Exception, organization: Organization, survey_id: UUID, body: bytes) -> Problem:
    """Return the answer to one of REFUSALS, with every fault of the body and not only the one that was found first.

    404 for an unknown survey or contact, 409 for an address that belongs to another contact, otherwise 400.
    """
    faults = faults_of(refusal) if isinstance(refusal, ValidationError) else []
    known_pointers = {fault.pointer for fault in faults}
    reference_faults = _reference_faults(organization, survey_id, body)
    faults += [fault for fault in reference_faults if fault.pointer not in known_pointers]
    if isinstance(refusal, EmailsTakenError):
        faults += _taken_faults(
            body, refusal.ids, "email", "email_taken", "This e-mail address belongs to another contact."
        )
        return Problem(HTTPStatus.CONFLICT, "email_taken", "An e-mail address belongs to another contact.", faults)
    if isinstance(refusal, PhonesTakenError):
        faults += _taken_faults(
            body, refusal.ids, "phone", "phone_taken", "This phone number belongs to another contact."
        )
        return Problem(HTTPStatus.CONFLICT, "phone_taken", "A phone number belongs to another contact.", faults)
    if isinstance(refusal, TooManyDataKeysError):
        faults += data_faults(refusal, objects_in(_contacts_in(body), "/contacts", MAX_CONTACTS))
    if isinstance(refusal, UnknownContactsError):
        return Problem(HTTPStatus.NOT_FOUND, "contact_not_found", "At least one contactId does not exist.", faults)
    if isinstance(refusal, UnknownReferencesError) and any(fault.what == "survey" for fault in refusal.faults):
        return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such survey.", faults)
    return invalid_request(faults)


def _reference_faults(organization: Organization, survey_id: UUID, body: bytes) -> Iterator[Fault]:
    """Find ids of things that do not exist, and contacts without an identifier, as far as the body can be read."""
    try:
        data = from_json(body)
    except ValueError:
        return
    if isinstance(data, dict):
        yield from _survey_faults(organization, survey_id, data)
        yield from _channel_faults(organization, data)
        yield from _contact_faults(organization, data)


def _survey_faults(organization: Organization, survey_id: UUID, data: dict[str, Any]) -> Iterator[Fault]:
    body_survey_id = uuid_or_none(data.get("surveyId"))
    if body_survey_id is not None and body_survey_id != survey_id:
        yield Fault("/surveyId", "survey_mismatch", "The surveyIds in the path and in the body differ.")
    elif not Survey.objects.filter(organization=organization, id=survey_id).exists():
        yield reference_fault("/surveyId", UnknownReference(None, "survey", "not_found"))


def _channel_faults(organization: Organization, data: dict[str, Any]) -> Iterator[Fault]:
    steps = {}
    for position, channel in enumerate(list_or_empty(data.get("channels"))[:MAX_CHANNELS]):
        try:
            steps[position] = to_step(QuickChannel.model_validate_json(to_json(channel)))
        except ValidationError:
            continue
    positions = list(steps)
    for fault in step_faults(organization, list(steps.values())):
        assert fault.step is not None
        yield reference_fault(f"/channels/{positions[fault.step]}/{fault.what}Id", fault)


def _contacts_in(body: bytes) -> Any:
    data = from_json(body)
    return data.get("contacts") if isinstance(data, dict) else None


def _contact_faults(organization: Organization, data: dict[str, Any]) -> Iterator[Fault]:
    for position, contact in enumerate(list_or_empty(data.get("contacts"))[:MAX_CONTACTS]):
        if isinstance(contact, dict) and not any(is_given(contact.get(key)) for key in IDENTIFIERS):
            yield Fault(f"/contacts/{position}", *NO_IDENTIFIER)
    ids = _contact_ids(data)
    contacts = Contact.objects.filter(organization=organization, id__in=ids.values(), erased_at=None)
    known = set(contacts.values_list("id", flat=True))
    for position, contact_id in ids.items():
        if contact_id not in known:
            yield Fault(f"/contacts/{position}/contactId", "contact_not_found", "There is no such contact.")


def _taken_faults(body: bytes, taken: frozenset[UUID], field: str, code: str, detail: str) -> Iterator[Fault]:
    data = from_json(body)
    for position, contact_id in _contact_ids(data).items():
        if contact_id in taken and data["contacts"][position].get(field):
            yield Fault(f"/contacts/{position}/{field}", code, detail)


def _contact_ids(data: dict[str, Any]) -> dict[int, UUID]:
    """Return the contactIds by the positions of their contacts."""
    return {
        position: contact_id
        for position, contact in enumerate(list_or_empty(data.get("contacts"))[:MAX_CONTACTS])
        if isinstance(contact, dict) and (contact_id := uuid_or_none(contact.get("contactId"))) is not None
    }
