"""Read bodies that are a contact, and write what they say: of a list's contacts and of the directory's."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from pydantic_core import from_json, to_json
from rest_framework.request import Request

from contacts.contact_changes import IdentityTakenError, NoIdentityError, change_contact, save_contact
from contacts.models import Contact
from distributor.api.answers.problems import Fault, Problem, invalid_request, not_found
from distributor.api.bodies.reference_faults import data_of_one_contact
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.lists.contact_shapes import MailingListContactBody
from distributor.api.request_body import json_body
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.infrastructure.clock import database_now

SOURCE: Final = "lists and links"
NO_PHONE_PLACE: Final = ("/phone", "invalid_phone")
NO_IDENTIFIER: Final = Fault("/extRef", "no_identifier", "A contact needs an extRef, email or phone.")
_NO_IDENTIFIER_LEFT: Final = Fault("/extRef", "no_identifier", "A contact must keep an extRef, email or phone.")
_TAKEN_FAULTS: Final = {
    "external_id": Fault("/extRef", "ext_ref_taken", "This extRef belongs to another contact."),
    "email": Fault("/email", "email_taken", "This e-mail address is the only identifier of another contact."),
    "phone": Fault("/phone", "phone_taken", "This phone number is the only identifier of another contact."),
}


def read_new_contact(request: Request) -> tuple[MailingListContactBody, Sequence[Fault]]:
    """Return a contact that may be new, and what was left out of it. Raises a 400 Problem."""
    body, warnings = _read_contact(request, is_known=False)
    if not (body.ext_ref or body.email or body.phone):
        raise invalid_request([NO_IDENTIFIER])
    return body, warnings


@transaction.atomic
def save_by_body(organization_id: UUID, body: MailingListContactBody, now: datetime) -> tuple[Contact, bool]:
    """Create a contact or merge into the one with its identity, and opt it out if the body says so.

    Return it, and whether it is new.
    """
    contact, is_new = save_contact(organization_id, body.columns(), now)
    # Clients send false for every contact, so it does not lift an earlier opt-out.
    if body.unsubscribed:
        opt_out(contact.pk, now, source=SOURCE)
    return contact, is_new


def change_by_body(request: Request, contact: Contact) -> Sequence[Fault]:
    """Change a contact as the body says; return what was left out. Raises 400, 404 and 409 Problems."""
    body, warnings = _read_contact(request, is_known=True)
    try:
        with data_of_one_contact():
            _change(contact, body, database_now())
    except Contact.DoesNotExist:
        raise not_found("contact") from None
    except NoIdentityError:
        raise invalid_request([_NO_IDENTIFIER_LEFT]) from None
    except IdentityTakenError as taken:
        fault = _TAKEN_FAULTS[taken.field]
        raise Problem(HTTPStatus.CONFLICT, fault.code, fault.detail, [fault]) from None
    return warnings


def _read_contact(request: Request, *, is_known: bool) -> tuple[MailingListContactBody, Sequence[Fault]]:
    """Return the contact, and what was left out of it.

    A phone that is no number, such as N/A, is left out if the contact is known by something else: exports write so.
    With `is_known` it is known already.
    """
    given = json_body(request)
    try:
        return _validate(request, given), ()
    except Problem as problem:
        if not problem.faults or any((fault.pointer, fault.code) != NO_PHONE_PLACE for fault in problem.faults):
            raise
        without = from_json(given)
        del without["phone"]
        body = _validate(request, to_json(without))
        if not (is_known or body.email or body.ext_ref):
            raise
        detail = f"Left out. {problem.faults[0].detail}"
        return body, [Fault("/phone", "invalid_phone", detail)]


def _validate(request: Request, given: bytes) -> MailingListContactBody:
    organization = caller_key(request).organization
    return read_body(MailingListContactBody, given, organization, {}, phone_region=organization.phone_region)[0]


@transaction.atomic
def _change(contact: Contact, body: MailingListContactBody, now: datetime) -> None:
    columns: dict[str, Any] = dict(body.columns())
    if columns:
        change_contact(contact.pk, columns)
    if body.unsubscribed is True:
        opt_out(contact.pk, now, source=SOURCE)
