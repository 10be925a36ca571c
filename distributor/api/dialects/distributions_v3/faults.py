"""Everything that is wrong with a call of this dialect, at once."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.references import find_named, missing_faults, named_in
from distributor.api.problems import Fault, Problem, invalid_request
from distributor.api.reference_faults import reference_fault
from distributor.api.validation import faults_of
from distributor.engine.acceptance.references import UnknownReferencesError

BodyT = TypeVar("BodyT", bound=BaseModel)
_NO_TEXTS = Fault("/message/messageId", "message_without_texts", "This message has no texts.")
_NO_ACCOUNT = "The organisation has no default provider for {channel}."


def read_body(
    model: type[BodyT], body: bytes, organization: Organization, places: Mapping[str, Kind], **context: Any
) -> tuple[BodyT, dict[str, UUID]]:
    """A body, and the keys of what it names, by their places. Raises a 400 Problem that names every fault."""
    faults: list[Fault] = []
    wire = None
    try:
        wire = model.model_validate_json(body, context=context)
    except ValidationError as error:
        faults = faults_of(error)
    named = named_in(as_given(body), places)
    found = find_named(organization, named)
    wrong = {fault.pointer for fault in faults}
    faults += [fault for fault in missing_faults(named, found) if fault.pointer not in wrong]
    if wire is None or faults:
        raise invalid_request(faults)
    return wire, found


def as_given(body: bytes) -> Any:
    """The body's JSON; None for what is none."""
    try:
        return from_json(body)
    except ValueError:
        return None


def no_account(channel: str) -> Problem:
    """409: nothing can be sent by the channel."""
    fault = Fault("/message", "no_default_provider", _NO_ACCOUNT.format(channel=channel))
    return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", fault.detail, [fault])


def no_channel() -> Problem:
    """409: a link belongs to a channel, and the organisation has none."""
    detail = "No channel has a default provider and a default message."
    return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", detail)


def explain_references(refusal: UnknownReferencesError) -> Problem:
    """409 where the channel's default provider is switched off, otherwise 400 for what the call names."""
    for fault in refusal.faults:
        if fault.what == "provider":
            told = reference_fault("/message", fault)
            return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", told.detail, [told])
    return invalid_request([_reference_fault(fault.what, fault.code) for fault in refusal.faults])


def contact_not_on_list(pointer: str) -> Problem:
    return invalid_request([Fault(pointer, "contact_not_on_list", "This contact is not on the mailing list.")])


def _reference_fault(what: str, code: str) -> Fault:
    if what == "template":
        text = "This message is for another channel."
        return Fault("/message/messageId", "wrong_channel", text) if code == "wrong_channel" else _NO_TEXTS
    # It was there a moment ago.
    return Fault("", f"{what}_not_found", f"There is no such {what}.")


def list_in_use() -> Problem:
    detail = "A recurring distribution goes to this mailing list."
    return Problem(HTTPStatus.CONFLICT, "mailing_list_in_use", detail)
