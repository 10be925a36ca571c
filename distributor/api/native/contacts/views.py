"""Create, read, change, opt out and erase contacts."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.contact_changes import IdentityTakenError, NoIdentityError, change_contact, save_contact
from contacts.models import Contact
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, Problem, invalid_request, not_found
from distributor.api.bodies.reference_faults import data_of_one_contact
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.contacts.wire import (
    ContactBody,
    ContactChanges,
    ContactDocument,
    ContactPage,
    ContactQuery,
    OptInBody,
    render_contact,
)
from distributor.api.native.list_queries import answer_list, parameters_of, read_query, read_search
from distributor.api.native.operations import (
    CONFLICT,
    CONTACTS,
    ERRORS,
    ERRORS_OF_BODY,
    ERRORS_OF_DETAIL,
    INVALID,
)
from distributor.api.native.rows import find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import LiftedByThePersonOnlyError, lift_opt_out, opt_out
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.contacts import find_contacts

_NO_IDENTIFIER = Fault("", "no_identifier", "A contact needs an externalId or an email.")
_NO_IDENTIFIER_LEFT = Fault("", "no_identifier", "An externalId, an email or a phone must remain.")
_LIFTED_BY_THE_PERSON_ONLY = (
    "The person opted out themselves. If they have asked to be written to again, set requestedByPerson to true."
)
_ONLY_IDENTIFIER = "which has no other identifier."
_TAKEN = {
    "external_id": ("/externalId", "external_id_taken", "This external id belongs to another contact."),
    "email": ("/email", "email_taken", f"This e-mail address belongs to another contact, {_ONLY_IDENTIFIER}"),
    "phone": ("/phone", "phone_taken", f"This phone number belongs to another contact, {_ONLY_IDENTIFIER}"),
}
_CONTACT: dict[int, Any] = {200: ContactDocument} | ERRORS_OF_DETAIL


class Contacts(NativeView):
    """The organisation's contacts."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listContacts",
        summary="List contacts",
        tags=CONTACTS,
        parameters=parameters_of(ContactQuery),
        responses={200: ContactPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's contacts, newest first. Erased contacts are not listed.

        With `updatedAfter` they are in the order of their changes, for copies that follow them.
        """
        return _answer(request, read_query(request, ContactQuery))

    @extend_schema(
        operation_id="saveContact",
        summary="Create or update a contact",
        tags=CONTACTS,
        request=ContactBody,
        responses={200: ContactDocument, 201: ContactDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Create a contact (201), or merge into the contact with this externalId, otherwise this email (200).

        null and empty texts count as not given.
        """
        organization = caller_key(request).organization
        body = parse_body(ContactBody, json_body(request), _identifier_faults, phone_region=organization.phone_region)
        with data_of_one_contact():
            contact, is_new = save_contact(organization.pk, body.given_values(), database_now())
        return Response(render_contact(contact), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


class ContactSearch(NativeView):
    """Lists contacts by a body, so that addresses are in no URL and no log."""

    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="searchContacts",
        summary="Search contacts",
        tags=CONTACTS,
        request=ContactQuery,
        responses={200: ContactPage} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """List contacts with the filters of `GET /contacts`, given in the body: addresses stay out of URLs and logs.

        Changes nothing. For the next page, repeat the body with the `cursor`.
        """
        return _answer(request, read_search(request, ContactQuery))


class ContactDetail(NativeView):
    """One contact."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(operation_id="getContact", summary="Get a contact", tags=CONTACTS, responses=_CONTACT)
    def get(self, request: Request, contact_id: str) -> Response:
        """Return one contact. Erased contacts are not found."""
        return Response(render_contact(_find(request, contact_id)))

    @extend_schema(
        operation_id="updateContact",
        summary="Change a contact",
        tags=CONTACTS,
        request=ContactChanges,
        responses=_CONTACT | ERRORS_OF_BODY | CONFLICT,
    )
    def patch(self, request: Request, contact_id: str) -> Response:
        """Change the given fields and no others. null clears a field; embeddedData is merged key by key."""
        contact = _find(request, contact_id)
        region = caller_key(request).organization.phone_region
        body = parse_body(ContactChanges, json_body(request), phone_region=region)
        try:
            with data_of_one_contact():
                return Response(render_contact(change_contact(contact.pk, body.given_values())))
        except Contact.DoesNotExist:
            raise not_found("contact") from None
        except NoIdentityError:
            raise invalid_request([_NO_IDENTIFIER_LEFT]) from None
        except IdentityTakenError as taken:
            fault = Fault(*_TAKEN[taken.field])
            raise Problem(HTTPStatus.CONFLICT, fault.code, fault.detail, [fault]) from None

    @extend_schema(
        operation_id="eraseContact",
        summary="Erase a contact",
        tags=CONTACTS,
        responses={204: None} | ERRORS_OF_DETAIL,
    )
    def delete(self, request: Request, contact_id: str) -> Response:
        """Delete all personal data of the contact, stop its journeys (reason “erased”) and close its links.

        The counts of distributions do not change.
        """
        erase_contact(_find(request, contact_id).pk, database_now())
        return Response(status=HTTPStatus.NO_CONTENT)


class OptOut(NativeView):
    """Opts a contact out of all surveys, on every channel."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="optOutContact", summary="Opt a contact out", tags=CONTACTS, request=None, responses=_CONTACT
    )
    def post(self, request: Request, contact_id: str) -> Response:
        """Send the contact nothing more on any channel, and stop its journeys.

        Idempotent: repeating the call changes nothing.
        """
        opt_out(_find(request, contact_id).pk, database_now(), source=_source(request))
        return Response(render_contact(_find(request, contact_id)))


class OptIn(NativeView):
    """Ends a contact's opt-out."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="optInContact",
        summary="Opt a contact in",
        tags=CONTACTS,
        request=OptInBody,
        responses=_CONTACT | ERRORS_OF_BODY | CONFLICT,
    )
    def post(self, request: Request, contact_id: str) -> Response:
        """End the contact's opt-out. It applies from the next distribution on.

        An opt-out that an API call or an operator reported is lifted. What the person said themselves, by an
        unsubscribe link, a spam complaint or STOP, is lifted only with `requestedByPerson: true`; otherwise the answer
        is 409 with the code `lifted_by_the_person_only`. A STOP stays until the person texts START.
        """
        contact = _find(request, contact_id)
        body = parse_body(OptInBody, json_body(request))
        try:
            lift_opt_out(
                contact.pk,
                database_now(),
                source=f"{body.source} ({_source(request)})",
                is_asked_by_person=body.requested_by_person,
            )
        except LiftedByThePersonOnlyError:
            raise Problem(HTTPStatus.CONFLICT, "lifted_by_the_person_only", _LIFTED_BY_THE_PERSON_ONLY) from None
        return Response(render_contact(_find(request, contact_id)))


def _source(request: Request) -> str:
    """Return how consent records name the caller."""
    return f"API key {caller_key(request).prefix}"


def _answer(request: Request, query: ContactQuery) -> Response:
    organization_id = caller_key(request).organization_id
    found = find_contacts(organization_id, query.window, external_id=query.external_id, email=query.email)
    return answer_list(request, query, found, render_contact)


def _not_erased(request: Request) -> QuerySet[Contact]:
    return own_rows(request, Contact).filter(erased_at=None)


def _find(request: Request, contact_id: str) -> Contact:
    return find_row(_not_erased(request), contact_id, "contact")


def _identifier_faults(given: dict[str, Any]) -> Iterator[Fault]:
    identifiers = [given.get("externalId"), given.get("email")]
    # A value of another type is a fault of its own field.
    if all(text is None or (isinstance(text, str) and not text.strip()) for text in identifiers):
        yield _NO_IDENTIFIER
