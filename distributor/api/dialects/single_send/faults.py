"""Everything that is wrong with such a body, at once. The published reference shows no errors: these are ours."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from contacts.models import Organization
from distributor.api.dialects.single_send.translate import Setting
from distributor.api.dialects.single_send.wire import MAX_RECIPIENTS, NEEDED
from distributor.api.problems import Fault, Problem, invalid_request
from distributor.api.validation import faults_of
from distributor.engine.acceptance.defaults import find_defaults
from distributor.engine.acceptance.references import UnknownReferencesError

_NO_SURVEY: Final = Fault("/form_id", "survey_not_found", "There is no such survey.")
_DETAILS: Final = {
    ("provider", "inactive"): "The channel's default provider is switched off.",
    ("template", "not_found"): "The channel's default template has no texts.",
}


def find_setting(organization: Organization, form_id: str, channel: str) -> Setting:
    """The survey and the channel's defaults. Raises a 404 or 409 Problem that names all that there is not."""
    survey_id = read_id(form_id)
    found = find_defaults(organization, survey_id, channel)
    if survey_id is None or found.locale is None or found.provider_account_id is None or found.template_id is None:
        raise _unset(list(_setting_faults(organization, form_id, channel)))
    return Setting(survey_id, found.locale, found.provider_account_id, found.template_id)


def explain_body(error: ValidationError, organization: Organization, body: bytes) -> Problem:
    """400 with every fault of the body, not only those that validation came to."""
    faults = faults_of(error)
    wrong = {fault.pointer for fault in faults}
    return invalid_request([*faults, *(fault for fault in _further(organization, body) if fault.pointer not in wrong)])


def explain_references(refusal: UnknownReferencesError) -> Problem:
    """404 for a survey that has just gone, 409 for defaults that cannot send."""
    return _unset(
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
    """A survey's id. Any other text names no survey."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _unset(faults: list[Fault]) -> Problem:
    if _NO_SURVEY in faults:
        return Problem(HTTPStatus.NOT_FOUND, "not_found", _NO_SURVEY.detail, faults)
    return Problem(HTTPStatus.CONFLICT, "channel_not_set_up", "The organisation has not set this channel up.", faults)


def _further(organization: Organization, body: bytes) -> Iterator[Fault]:
    """What is named and not there, and who lacks an address, as far as the body can be read."""
    try:
        given = from_json(body)
    except ValueError:
        return
    if not isinstance(given, dict):
        return
    channel = given.get("channel") or "email"
    form_id = given.get("form_id")
    if not isinstance(channel, str) or channel not in NEEDED:
        return
    if isinstance(form_id, str):
        yield from _setting_faults(organization, form_id, channel)
    needed, fault = NEEDED[channel]
    recipients = given.get("recipients")
    for position, recipient in enumerate(recipients[:MAX_RECIPIENTS] if isinstance(recipients, list) else ()):
        if isinstance(recipient, dict) and not _is_said(recipient.get(needed)):
            yield Fault(f"/recipients/{position}/{needed}", *fault)


def _setting_faults(organization: Organization, form_id: str, channel: str) -> Iterator[Fault]:
    found = find_defaults(organization, read_id(form_id), channel)
    if found.locale is None:
        yield _NO_SURVEY
    for what, default in (("provider", found.provider_account_id), ("template", found.template_id)):
        if default is None:
            detail = f"The organisation has no default {what} for {channel}."
            yield Fault("/channel", f"no_default_{what}", detail)


def _is_said(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None
