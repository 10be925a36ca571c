"""Read bodies, and find every fault of a call at once."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from contacts.models import Organization
from distributor.api.answers.problems import Fault, Problem, invalid_request, not_found
from distributor.api.bodies.reference_faults import reference_fault
from distributor.api.bodies.validation import faults_of
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.references import find_keys, missing_faults, read_references
from distributor.engine.acceptance.references import UnknownReferencesError

BodyT = TypeVar("BodyT", bound=BaseModel)
_NO_TEXT = Fault("/message/messageId", "message_without_texts", "This message has no text.")
_NO_ACCOUNT = "The organisation has no default provider for {channel}."


def read_body(
    model: type[BodyT], content: bytes, organization: Organization, id_fields: Mapping[str, Kind], **context: Any
) -> tuple[BodyT, dict[str, UUID]]:
    """Validate a body and look up the ids in it.

    `id_fields` has the kind of each id by its pointer. Returns the body, and the keys of its ids by their pointers.
    Raises a 400 Problem with every fault.
    """
    faults: list[Fault] = []
    body = None
    validate = partial(model.model_validate_json, context=context)
    try:
        body = validate(content)
    except ValidationError as error:
        faults = faults_of(error, content, validate)
    references = read_references(parse_json(content), id_fields)
    keys = find_keys(organization, references)
    known_pointers = {fault.pointer for fault in faults}
    faults += [fault for fault in missing_faults(references, keys) if fault.pointer not in known_pointers]
    if faults and all(fault.code == "directory_not_found" for fault in faults):
        raise not_found("directory")  # as in the paths that name one
    if body is None or faults:
        raise invalid_request(faults)
    return body, keys


def parse_json(content: bytes) -> Any:
    """Return the parsed JSON; None if it cannot be parsed."""
    try:
        return from_json(content)
    except ValueError:
        return None


def no_account(channel: str) -> Problem:
    """Return a 409: the channel has no default provider."""
    fault = Fault("/message", "no_default_provider", _NO_ACCOUNT.format(channel=channel))
    return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", fault.detail, [fault])


def no_channel() -> Problem:
    """Return a 409: even links without messages need a channel, and the organisation has none."""
    detail = "No channel has both a default provider and a default message."
    return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", detail)


def explain_references(refusal: UnknownReferencesError) -> Problem:
    """Return a 409 if the channel's default provider is switched off, otherwise a 400."""
    for fault in refusal.faults:
        if fault.what == "provider":
            inactive = reference_fault("/message", fault)
            return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", inactive.detail, [inactive])
    return invalid_request([_reference_fault(fault.what, fault.code) for fault in refusal.faults])


def contact_not_on_list(pointer: str) -> Problem:
    return invalid_request([Fault(pointer, "contact_not_on_list", "This contact is not on the mailing list.")])


def _reference_fault(what: str, code: str) -> Fault:
    if what == "template":
        text = "This message is for another channel."
        return Fault("/message/messageId", "wrong_channel", text) if code == "wrong_channel" else _NO_TEXT
    # It was deleted while the call was handled.
    return Fault("", f"{what}_not_found", f"There is no such {what}.")


def list_in_use() -> Problem:
    detail = "A recurring distribution sends to this mailing list."
    return Problem(HTTPStatus.CONFLICT, "mailing_list_in_use", detail)
