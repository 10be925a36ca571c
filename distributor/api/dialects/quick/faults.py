"""Everything that is wrong with a quick body, at once: the slow pass, made only when the fast one has failed."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from contacts.models import Contact, Organization
from distributor.api.dialects.quick.translate import to_step
from distributor.api.dialects.quick.wire import QuickChannel
from distributor.api.problems import Fault, Problem, invalid_request
from distributor.api.validation import faults_of
from distributor.engine.references import UnknownReference, step_faults
from distributor.models import Survey

_DETAILS = {
    ("survey", "not_found"): "There is no such survey.",
    ("provider", "not_found"): "There is no such provider in this organisation.",
    ("provider", "wrong_channel"): "This provider is for another channel.",
    ("provider", "inactive"): "This provider is switched off.",
    ("template", "not_found"): "There is no such template in this organisation.",
    ("template", "wrong_channel"): "This template is for another channel.",
}
SURVEY_MISMATCH = Fault("/surveyId", "survey_mismatch", "surveyId in the path and in the body differ.")


def invalid_body(organization: Organization, survey_id: UUID, body: bytes, error: ValidationError) -> Problem:
    """400 with every fault: what the schema refuses, and what the rest of the body names wrongly."""
    faults = faults_of(error)
    wrong = {fault.pointer for fault in faults}
    try:
        given = from_json(body)
    except ValueError:
        return invalid_request(faults)
    if isinstance(given, dict):
        faults += [fault for fault in _reference_faults(organization, survey_id, given) if fault.pointer not in wrong]
    return invalid_request(faults)


def unknown_references(faults: Sequence[UnknownReference]) -> Problem:
    """404 when it is the survey in the path that there is not; otherwise 400 with every wrong name."""
    named = [reference_fault(fault, fault.step) for fault in faults]
    if any(fault.what == "survey" for fault in faults):
        return Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such survey.", named)
    return invalid_request(named)


def unknown_contacts(contact_ids: Sequence[UUID | None], unknown: frozenset[UUID]) -> Problem:
    """404 that names every contactId which is not the organisation's."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "contact_not_found",
        "There is no contact with such an id.",
        [_contact_fault(position) for position, contact_id in enumerate(contact_ids) if contact_id in unknown],
    )


def reference_fault(fault: UnknownReference, step: int | None) -> Fault:
    pointer = "/surveyId" if step is None else f"/channels/{step}/{fault.what}Id"
    return Fault(pointer, f"{fault.what}_{fault.code}", _DETAILS[fault.what, fault.code])


def _contact_fault(position: int) -> Fault:
    return Fault(f"/contacts/{position}/contactId", "contact_not_found", "There is no contact with this id.")


def _reference_faults(organization: Organization, survey_id: UUID, given: dict[str, Any]) -> Iterable[Fault]:
    named = _uuid(given.get("surveyId"))
    if named is not None and named != survey_id:
        yield SURVEY_MISMATCH
    if not Survey.objects.filter(organization=organization, id=survey_id).exists():
        yield reference_fault(UnknownReference(None, "survey", "not_found"), None)
    readable = {}
    for position, channel in enumerate(_objects(given.get("channels"))[:10]):
        try:
            readable[position] = to_step(QuickChannel.model_validate_json(to_json(channel)))
        except ValidationError:
            continue
    positions = list(readable)
    for fault in step_faults(organization, list(readable.values())):
        yield reference_fault(fault, None if fault.step is None else positions[fault.step])
    ids = {
        position: contact_id
        for position, contact in enumerate(_objects(given.get("contacts"))[:1_000])
        if isinstance(contact, dict) and (contact_id := _uuid(contact.get("contactId"))) is not None
    }
    known = set(Contact.objects.filter(organization=organization, id__in=ids.values()).values_list("id", flat=True))
    for position, contact_id in ids.items():
        if contact_id not in known:
            yield _contact_fault(position)


def _objects(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
