"""Everything wrong with a native sending call, named at once: a second, slow look at a body that was refused."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from contacts.channel import Channel
from contacts.identity import EmailsTakenError, Identified, PhonesTakenError, UnknownContactsError
from contacts.models import Contact, MailingList, Organization
from distributor.api.fields import AwareMoment
from distributor.api.native.distribution_wire import (
    MAX_CONTACTS,
    MAX_IDS,
    MAX_PROVIDERS,
    NAMELESS,
    NO_INVITATION,
    DistributionBody,
    invites,
    step_contradictions,
    way_contradictions,
)
from distributor.api.problems import Fault, Problem, invalid_request
from distributor.api.reference_faults import list_or_empty, reference_fault, uuid_or_none
from distributor.api.validation import faults_of, json_pointer
from distributor.engine.acceptance.judge import ThrottledError
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError, step_faults
from distributor.models import Survey
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType, StepRequest


class Contradictory(Exception):
    """The body asks for what does not go together."""


REFUSALS: Final = (
    *(ValidationError, Contradictory, UnknownReferencesError),
    *(UnknownContactsError, EmailsTakenError, PhonesTakenError, ThrottledError),
)
UNREADABLE: Final = UUID(int=0)
NOBODY_TO_THANK: Final = ("nobody_to_thank", "Nobody knows who answers through anonymous links.")
_MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(AwareMoment)


def require_consistent(body: DistributionBody) -> None:
    """Raises Contradictory."""
    policy = body.throttle.policy if body.throttle else None
    kinds = [step.kind for step in body.steps]
    names_contacts = body.audience.contacts is not None
    if any(_contradictions(vars(body), policy, body.link_type, kinds, names_contacts=names_contacts)):
        raise Contradictory


def explain(refusal: Exception, organization: Organization, body: bytes) -> Problem:
    """The answer to one of REFUSALS, with every fault of the body.

    409 for e-mail addresses and phone numbers that are taken, and for contacts that are throttled where the call wants
    that refused; otherwise 400.
    """
    faults = faults_of(refusal) if isinstance(refusal, ValidationError) else []
    wrong = {fault.pointer for fault in faults}
    given = _as_given(body)
    faults += [fault for fault in _further_faults(organization, given) if fault.pointer not in wrong]
    if isinstance(refusal, EmailsTakenError):
        faults += _taken_faults(given, refusal.ids, "email", "email_taken", "This e-mail address is another contact's.")
        return Problem(HTTPStatus.CONFLICT, "email_taken", "An e-mail address is another contact's.", faults)
    if isinstance(refusal, PhonesTakenError):
        faults += _taken_faults(given, refusal.ids, "phone", "phone_taken", "This phone number is another contact's.")
        return Problem(HTTPStatus.CONFLICT, "phone_taken", "A phone number is another contact's.", faults)
    if isinstance(refusal, ThrottledError):
        faults += _throttled_faults(given, [one.contact for one in refusal.contacts])
        return Problem(HTTPStatus.CONFLICT, "throttled", "Somebody was sent this survey too recently.", faults)
    return invalid_request(faults)


def _as_given(body: bytes) -> dict[str, Any]:
    try:
        given = from_json(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _further_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    """What is named by ids and is not there, and what does not go together, as far as the body can be read."""
    survey_id = uuid_or_none(given.get("surveyId"))
    if survey_id and not Survey.objects.filter(organization=organization, pk=survey_id).exists():
        yield reference_fault("/surveyId", UnknownReference(None, "survey", "not_found"))
    yield from _step_faults(organization, given)
    yield from _audience_faults(organization, given)
    yield from _given_contradictions(given)


def _step_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    steps = [(place, step) for place, step in enumerate(list_or_empty(given.get("steps"))) if isinstance(step, dict)]
    for place, step in steps:
        for fault in step_contradictions(step):
            yield Fault(json_pointer(("steps", place, *fault.path)), fault.code, fault.text)
    if steps and not invites(step.get("kind") for _, step in steps):
        yield Fault("/steps", *NO_INVITATION)
    yield from _unknown_references(organization, {f"/steps/{place}": step for place, step in steps})


def follow_up_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    """What a follow-up names and is not there, and what does not go together in it, as far as it can be read."""
    for fault in way_contradictions(given):
        yield Fault(json_pointer(fault.path), fault.code, fault.text)
    yield from _unknown_references(organization, {"": given})


def _unknown_references(organization: Organization, steps: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    """Of steps by their pointers. What cannot be read is a fault of its own."""
    named = [(pointer, step, _named_by(step)) for pointer, step in steps.items()]
    known = set()
    for fault in step_faults(organization, [asked for _, _, asked in named]):
        assert fault.step is not None
        pointer, step, asked = named[fault.step]
        field = "providerIds" if fault.what == "provider" else "templateId"
        is_readable = UNREADABLE not in (asked.account_ids if fault.what == "provider" else [asked.template_id])
        if not is_readable or (fault.code == "wrong_channel" and step.get("channel") not in list(Channel)):
            continue
        found = reference_fault(f"{pointer}/{field}", fault)
        if found not in known:
            known.add(found)
            yield found


def _named_by(step: dict[str, Any]) -> StepRequest:
    """The provider accounts and the template that a step names, whatever else it says."""
    ids = [uuid_or_none(one) or UNREADABLE for one in list_or_empty(step.get("providerIds"))[:MAX_PROVIDERS]]
    first, *further = dict.fromkeys(ids or [UNREADABLE])
    template_id = uuid_or_none(step.get("templateId")) or UNREADABLE
    return StepRequest(str(step.get("channel")), first, template_id, further_account_ids=further)


def _audience_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    audience = given.get("audience")
    if isinstance(audience, dict):
        list_id = uuid_or_none(audience.get("listId"))
        if list_id and not MailingList.objects.filter(organization=organization, pk=list_id).exists():
            yield reference_fault("/audience/listId", UnknownReference(None, "list", "not_found"))
    for pointer, contact in _contacts(given):
        if not any(_is_said(contact.get(name)) for name in ("externalId", "contactId", "email")):
            yield Fault(pointer, *NAMELESS)
    ids = dict(_contact_ids(given))
    named = Contact.objects.filter(organization=organization, pk__in=ids.values(), erased_at=None)
    known = set(named.values_list("pk", flat=True))
    for pointer, contact_id in ids.items():
        if contact_id not in known:
            yield Fault(pointer, "contact_not_found", "There is no contact with this id.")


def _is_said(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _contact_ids(given: dict[str, Any]) -> Iterator[tuple[str, UUID]]:
    """Each contact's id that a body names, by its pointer."""
    for pointer, contact in _contacts(given):
        if contact_id := uuid_or_none(contact.get("contactId")):
            yield f"{pointer}/contactId", contact_id
    audience = given.get("audience")
    ids = list_or_empty(audience.get("contactIds")) if isinstance(audience, dict) else []
    for place, one in enumerate(ids[:MAX_IDS]):
        if contact_id := uuid_or_none(one):
            yield f"/audience/contactIds/{place}", contact_id


def _contacts(given: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The contacts that a body describes, of a distribution's audience or a link's one, by their pointers."""
    audience, alone = given.get("audience"), given.get("contact")
    together = list_or_empty(audience.get("contacts")) if isinstance(audience, dict) else []
    for place, contact in enumerate(together[:MAX_CONTACTS]):
        if isinstance(contact, dict):
            yield f"/audience/contacts/{place}", contact
    if isinstance(alone, dict):
        yield "/contact", alone


def _taken_faults(given: dict[str, Any], taken: frozenset[UUID], field: str, code: str, text: str) -> Iterator[Fault]:
    for pointer, contact in _contacts(given):
        if uuid_or_none(contact.get("contactId")) in taken and contact.get(field):
            yield Fault(f"{pointer}/{field}", code, text)


def _throttled_faults(given: dict[str, Any], throttled: list[Identified]) -> Iterator[Fault]:
    names: tuple[Callable[[Identified], Any], ...] = (lambda one: str(one.id), lambda one: one.external_id)
    by_id, by_external_id = ({name(one) for one in throttled} for name in names)
    emails = {one.email.lower() for one in throttled if one.email}
    for pointer, contact in _contacts(given):
        is_meant = (
            str(contact.get("contactId")).lower() in by_id
            if contact.get("contactId")
            else contact.get("externalId") in by_external_id
            if contact.get("externalId")
            else str(contact.get("email")).strip().lower() in emails
        )
        if is_meant:
            yield Fault(pointer, "throttled", "This contact was sent this survey too recently.")


def _given_contradictions(given: dict[str, Any]) -> Iterator[Fault]:
    names = {"scheduledAt": "scheduled_at", "notAfter": "not_after", "expiresAt": "expires_at"}
    moments = {ours: _moment(given.get(theirs)) for theirs, ours in names.items()}
    throttle, audience = given.get("throttle"), given.get("audience")
    policy = throttle.get("policy") if isinstance(throttle, dict) else None
    names_contacts = not isinstance(audience, dict) or audience.get("contacts") is not None
    # By a link's steps nothing is sent.
    steps = [] if "contact" in given else list_or_empty(given.get("steps"))
    kinds = [step.get("kind") if isinstance(step, dict) else None for step in steps]
    return _contradictions(moments, policy, given.get("linkType"), kinds, names_contacts=names_contacts)


def _contradictions(
    moments: Mapping[str, Any], policy: Any, link_type: Any, kinds: Sequence[Any], *, names_contacts: bool
) -> Iterator[Fault]:
    begins_at = moments["scheduled_at"]
    for name, pointer in (("not_after", "/notAfter"), ("expires_at", "/expiresAt")):
        if begins_at is not None and moments[name] is not None and moments[name] < begins_at:
            yield Fault(pointer, "before_schedule", "This ends before scheduledAt: nobody would be sent to.")
    if policy == "reject" and not names_contacts:
        detail = "A call can be refused only for contacts that it names: choose defer or skip."
        yield Fault("/throttle/policy", "reject_needs_contacts", detail)
    if link_type == LinkType.ANONYMOUS:
        for place, kind in enumerate(kinds):
            if kind == StepKind.THANK_YOU:
                yield Fault(f"/steps/{place}/kind", *NOBODY_TO_THANK)


def _moment(value: Any) -> datetime | None:
    try:
        return None if value is None else _MOMENT.validate_python(value)
    except ValidationError:
        return None
