"""Faults of sending calls that their models do not show: unknown ids, contradictions, addresses of other contacts.

They are looked for only after a call was refused (see api/bodies/validation.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from contacts.channel import Channel
from contacts.identity import EmailsTakenError, Identified, PhonesTakenError, TooManyDataKeysError, UnknownContactsError
from contacts.models import MailingList, Organization
from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.api.bodies.fields import AwareMoment
from distributor.api.bodies.reference_faults import (
    GivenContact,
    data_faults,
    list_or_empty,
    objects_in,
    reference_fault,
    taken_problem,
    unidentified_faults,
    unknown_contact_faults,
    uuid_or_none,
)
from distributor.api.bodies.validation import find_faults, json_pointer, parse_object
from distributor.api.native.distributions.bodies import DistributionBody
from distributor.api.native.distributions.recipient_bodies import MAX_CONTACTS, MAX_IDS
from distributor.api.native.distributions.step_bodies import (
    MAX_PROVIDERS,
    MAX_STEPS,
    NO_INVITATION,
    has_invitation,
    message_contradictions,
    step_contradictions,
)
from distributor.engine.acceptance.judge import ThrottledError
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError, step_faults
from distributor.models import Survey
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType, StepRequest


class ContradictionError(Exception):
    """The fields of a body contradict each other."""


REFUSALS: Final = (
    *(ValidationError, ContradictionError, UnknownReferencesError),
    *(UnknownContactsError, EmailsTakenError, PhonesTakenError, ThrottledError),
    TooManyDataKeysError,
)
NOBODY_TO_THANK: Final = (
    "nobody_to_thank",
    "Responses through anonymous links have no contact, so nobody can be thanked.",
)
_UNREADABLE: Final = UUID(int=0)
_MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(AwareMoment)


def require_consistent(body: DistributionBody) -> None:
    """Raise ContradictionError if fields of a valid body contradict each other."""
    policy = body.throttle.policy if body.throttle else None
    kinds = [step.kind for step in body.steps]
    gives_contacts = body.audience.contacts is not None
    if any(_contradictions(vars(body), policy, body.link_type, kinds, gives_contacts=gives_contacts)):
        raise ContradictionError


def explain(refusal: Exception, organization: Organization, body: bytes, model: type[BaseModel]) -> Problem:
    """Return the answer to one of REFUSALS, with every fault of the body.

    409 for addresses that belong to other contacts, and for throttled contacts if the call wants those refused;
    otherwise 400.
    """
    validate = partial(model.model_validate_json, context={"phone_region": organization.phone_region})
    faults = find_faults(refusal, body, validate, partial(_body_faults, organization))
    contacts = _given_contacts(parse_object(body))
    if isinstance(refusal, EmailsTakenError | PhonesTakenError):
        return taken_problem(refusal, contacts, faults)
    if isinstance(refusal, TooManyDataKeysError):
        faults += data_faults(refusal, contacts)
    if isinstance(refusal, ThrottledError):
        faults += _throttled_faults(contacts, [skipped.contact for skipped in refusal.contacts])
        return Problem(HTTPStatus.CONFLICT, "throttled", "A contact was sent this survey too recently.", faults)
    return invalid_request(faults)


def follow_up_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    """Find the contradictions and unknown ids of a reminder or thank-you."""
    for fault in message_contradictions(given):
        yield Fault(json_pointer(fault.path), fault.code, fault.text)
    yield from _step_reference_faults(organization, [("", given)])


def send_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    """Find the contradictions and unknown ids of a send to people who are not given with it."""
    yield from _survey_faults(organization, given)
    yield from _steps_faults(organization, given)
    yield from _body_contradictions({**given, "audience": {}})


def _body_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    yield from _survey_faults(organization, given)
    yield from _steps_faults(organization, given)
    yield from _audience_faults(organization, given)
    yield from _body_contradictions(given)


def _survey_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    survey_id = uuid_or_none(given.get("surveyId"))
    if survey_id and not Survey.objects.filter(organization=organization, pk=survey_id).exists():
        yield reference_fault("/surveyId", UnknownReference(None, "survey", "not_found"))


def _steps_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    steps = objects_in(given.get("steps"), "/steps", MAX_STEPS)
    for pointer, step in steps:
        for fault in step_contradictions(step):
            yield Fault(pointer + json_pointer(fault.path), fault.code, fault.text)
    if steps and not has_invitation(step.get("kind") for _, step in steps):
        yield Fault("/steps", *NO_INVITATION)
    yield from _step_reference_faults(organization, steps)


def _step_reference_faults(organization: Organization, steps: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[Fault]:
    """Find the unknown providers and templates of steps, in one query. An id that is no UUID is a fault of its own."""
    requests = [_step_request(step) for _, step in steps]
    known = set()
    for fault in step_faults(organization, requests):
        assert fault.step is not None
        (pointer, step), request = steps[fault.step], requests[fault.step]
        field = "providerIds" if fault.what == "provider" else "templateId"
        is_readable = _UNREADABLE not in (request.account_ids if fault.what == "provider" else [request.template_id])
        if not is_readable or (fault.code == "wrong_channel" and step.get("channel") not in list(Channel)):
            continue
        found = reference_fault(f"{pointer}/{field}", fault)
        if found not in known:
            known.add(found)
            yield found


def _step_request(step: dict[str, Any]) -> StepRequest:
    """Return a request with only the provider accounts and the template of a step."""
    ids = [uuid_or_none(text) or _UNREADABLE for text in list_or_empty(step.get("providerIds"))[:MAX_PROVIDERS]]
    first, *further = dict.fromkeys(ids or [_UNREADABLE])
    template_id = uuid_or_none(step.get("templateId")) or _UNREADABLE
    return StepRequest(str(step.get("channel")), first, template_id, further_account_ids=further)


def _audience_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    audience = given.get("audience")
    if isinstance(audience, dict):
        list_id = uuid_or_none(audience.get("listId"))
        if list_id and not MailingList.objects.filter(organization=organization, pk=list_id).exists():
            yield reference_fault("/audience/listId", UnknownReference(None, "list", "not_found"))
    yield from unidentified_faults(_given_contacts(given))
    yield from unknown_contact_faults(organization, dict(_given_contact_ids(given)))


def _given_contacts(given: dict[str, Any]) -> list[GivenContact]:
    """Return the contacts of a distribution's audience, or the contact of a link, with their pointers."""
    audience, contact = given.get("audience"), given.get("contact")
    contacts = audience.get("contacts") if isinstance(audience, dict) else None
    found = objects_in(contacts, "/audience/contacts", MAX_CONTACTS)
    return [*found, ("/contact", contact)] if isinstance(contact, dict) else found


def _given_contact_ids(given: dict[str, Any]) -> Iterator[tuple[str, UUID]]:
    for pointer, contact in _given_contacts(given):
        if contact_id := uuid_or_none(contact.get("contactId")):
            yield f"{pointer}/contactId", contact_id
    audience = given.get("audience")
    texts = list_or_empty(audience.get("contactIds")) if isinstance(audience, dict) else []
    for place, text in enumerate(texts[:MAX_IDS]):
        if contact_id := uuid_or_none(text):
            yield f"/audience/contactIds/{place}", contact_id


def _throttled_faults(contacts: Iterable[GivenContact], throttled: Sequence[Identified]) -> Iterator[Fault]:
    ids = {str(contact.id) for contact in throttled}
    external_ids = {contact.external_id for contact in throttled}
    emails = {contact.email.lower() for contact in throttled if contact.email}
    for pointer, contact in contacts:
        # In the order in which contacts are resolved: by id, else by external id, else by e-mail.
        if contact.get("contactId"):
            is_throttled = str(contact["contactId"]).lower() in ids
        elif contact.get("externalId"):
            is_throttled = contact["externalId"] in external_ids
        else:
            is_throttled = str(contact.get("email")).strip().lower() in emails
        if is_throttled:
            yield Fault(pointer, "throttled", "This contact was sent this survey too recently.")


def _body_contradictions(given: dict[str, Any]) -> Iterator[Fault]:
    names = {"scheduledAt": "scheduled_at", "notAfter": "not_after", "expiresAt": "expires_at"}
    moments = {column: _moment_or_none(given.get(name)) for name, column in names.items()}
    throttle, audience = given.get("throttle"), given.get("audience")
    policy = throttle.get("policy") if isinstance(throttle, dict) else None
    gives_contacts = not isinstance(audience, dict) or audience.get("contacts") is not None
    # The steps of a link send nothing.
    steps = [] if "contact" in given else list_or_empty(given.get("steps"))[:MAX_STEPS]
    kinds = [step.get("kind") if isinstance(step, dict) else None for step in steps]
    return _contradictions(moments, policy, given.get("linkType"), kinds, gives_contacts=gives_contacts)


def _contradictions(
    moments: Mapping[str, Any], policy: Any, link_type: Any, kinds: Sequence[Any], *, gives_contacts: bool
) -> Iterator[Fault]:
    begins_at = moments["scheduled_at"]
    for name, pointer in (("not_after", "/notAfter"), ("expires_at", "/expiresAt")):
        if begins_at is not None and moments[name] is not None and moments[name] < begins_at:
            yield Fault(pointer, "before_schedule", "This time is before scheduledAt: nothing would be sent.")
    if policy == "reject" and not gives_contacts:
        detail = "The policy reject needs audience.contacts. Use defer or skip."
        yield Fault("/throttle/policy", "reject_needs_contacts", detail)
    if link_type == LinkType.ANONYMOUS:
        for place, kind in enumerate(kinds):
            if kind == StepKind.THANK_YOU:
                yield Fault(f"/steps/{place}/kind", *NOBODY_TO_THANK)


def _moment_or_none(value: Any) -> datetime | None:
    try:
        return None if value is None else _MOMENT.validate_python(value)
    except ValidationError:
        return None
