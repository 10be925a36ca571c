"""Find every fault of a single send at once. The published reference has no errors; these are ours."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from contacts.models import Organization
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.reference_faults import is_given
from distributor.api.bodies.validation import faults_of
from distributor.api.dialects.single_send.translate import SendDefaults
from distributor.api.dialects.single_send.wire import MAX_RECIPIENTS, REQUIRED_ADDRESSES
from distributor.engine.acceptance.defaults import find_defaults
from distributor.engine.acceptance.references import UnknownReferencesError

_NO_SURVEY: Final = Fault("/form_id", "survey_not_found", "There is no such survey.")
_DETAILS: Final = {
    ("provider", "inactive"): "The channel's default provider is switched off.",
    ("template", "not_found"): "The channel's default template has no text.",
}


def find_send_defaults(organization: Organization, form_id: str, channel: str) -> SendDefaults:
    """Return the survey and the channel's defaults. Raises a 404 or 409 Problem with everything that is missing."""
    survey_id = read_id(form_id)
    defaults = find_defaults(organization, survey_id, channel)
    locale, account_id, template_id = defaults.locale, defaults.provider_account_id, defaults.template_id
    if survey_id is None or locale is None or account_id is None or template_id is None:
        raise _missing_defaults(list(_default_faults(organization, form_id, channel)))
    return SendDefaults(survey_id, locale, account_id, template_id, defaults.references)


def explain_body(error: ValidationError, organization: Organization, body: bytes) -> Problem:
    """Return a 400 with every fault of the body and not only those that validation found."""
    faults = faults_of(error)
    known_pointers = {fault.pointer for fault in faults}
    other_faults = [fault for fault in _other_faults(organization, body) if fault.pointer not in known_pointers]
    return invalid_request([*faults, *other_faults])


def explain_references(refusal: UnknownReferencesError) -> Problem:
    """Return a 404 for a survey that was deleted meanwhile, a 409 for defaults that cannot send."""
    return _missing_defaults(
        [
            _NO_SURVEY
            if fault.what == "survey"
            else Fault(
                "/channel",
                f"default_{fault.what}_{fault.code}",
                _DETAILS.get((fault.what, fault.code), f"The channel's default {fault.what} cannot be used."),
            )
            for fault in refusal.faults
        ]
    )


def read_id(text: str) -> UUID | None:
    """Return the survey's id; None for text that is not an id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _missing_defaults(faults: list[Fault]) -> Problem:
    if _NO_SURVEY in faults:
        return Problem(HTTPStatus.NOT_FOUND, "not_found", _NO_SURVEY.detail, faults)
    return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", "This channel is not set up in the organisation.", faults)


def _other_faults(organization: Organization, body: bytes) -> Iterator[Fault]:
    """Find missing defaults and recipients without an address, as far as the body can be read."""
    try:
        data = from_json(body)
    except ValueError:
        return
    if not isinstance(data, dict):
        return
    channel = data.get("channel") or "email"
    form_id = data.get("form_id")
    if not isinstance(channel, str) or channel not in REQUIRED_ADDRESSES:
        return
    if isinstance(form_id, str):
        yield from _default_faults(organization, form_id, channel)
    field, fault = REQUIRED_ADDRESSES[channel]
    recipients = data.get("recipients")
    for position, recipient in enumerate(recipients[:MAX_RECIPIENTS] if isinstance(recipients, list) else ()):
        if isinstance(recipient, dict) and not is_given(recipient.get(field)):
            yield Fault(f"/recipients/{position}/{field}", *fault)


def _default_faults(organization: Organization, form_id: str, channel: str) -> Iterator[Fault]:
    defaults = find_defaults(organization, read_id(form_id), channel)
    if defaults.locale is None:
        yield _NO_SURVEY
    for what, default in (("provider", defaults.provider_account_id), ("template", defaults.template_id)):
        if default is None:
            detail = f"The organisation has no default {what} for {channel}."
            yield Fault("/channel", f"no_default_{what}", detail)
