"""/api/v1/contacts: people."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Lower
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.contact_changes import IdentityTakenError, NoIdentityError, change_contact, save_contact
from contacts.models import Contact
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.contact_wire import (
    ContactBody,
    ContactChanges,
    ContactDocument,
    ContactPage,
    render_contact,
)
from distributor.api.native.owned import (
    CONFLICT,
    ERRORS_OF_A_BODY,
    ERRORS_OF_ONE,
    PAGE,
    answer_page,
    find_one,
    own_rows,
)
from distributor.api.native.shapes import parse_checked
from distributor.api.problems import Fault, Problem, invalid_request, not_found
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.opt_out import lift_opt_out, opt_out
from distributor.engine.infrastructure.clock import database_now

_NAMELESS = Fault("", "no_identifier", "One of externalId and email is needed.")
_NAMELESS_AFTER = Fault("", "no_identifier", "One of externalId, email and phone must remain.")
_TAKEN = {
    "external_id": ("/externalId", "external_id_taken", "This external id is another contact's."),
    "email": ("/email", "email_taken", "This e-mail address is another contact's, who is known by nothing else."),
    "phone": ("/phone", "phone_taken", "This phone number is another contact's, who is known by nothing else."),
}
_ONE: dict[int, Any] = {200: ContactDocument} | ERRORS_OF_ONE


class Contacts(APIView):
    """The organisation's contacts."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="list_contacts",
        tags=["native"],
        parameters=[
            OpenApiParameter("externalId", description="Only the contact with this external id."),
            OpenApiParameter("email", description="Only contacts with this e-mail address, in any letter case."),
            *PAGE,
        ],
        responses={200: ContactPage} | ERRORS_OF_A_BODY,
    )
    def get(self, request: Request) -> Response:
        rows = _known(request)
        if external_id := request.query_params.get("externalId"):
            # PostgreSQL stores no NUL: nobody has such an id.
            rows = rows.none() if "\0" in external_id else rows.filter(external_id=external_id)
        if email := request.query_params.get("email"):
            rows = rows.none() if "\0" in email else _with_email(rows, email)
        return answer_page(request, rows, render_contact)

    @extend_schema(
        operation_id="save_contact",
        tags=["native"],
        request=ContactBody,
        responses={200: ContactDocument, 201: ContactDocument} | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request) -> Response:
        """Make a contact (201), or merge into the one of this externalId, else of this email (200).

        null and "" mean: not given.
        """
        organization = caller_key(request).organization
        body = parse_checked(ContactBody, request.body, _is_named, phone_region=organization.phone_region)
        contact, is_new = save_contact(organization.pk, body.said(), database_now())
        return Response(render_contact(contact), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


class OneContact(APIView):
    """A contact."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(operation_id="read_contact", tags=["native"], responses=_ONE)
    def get(self, request: Request, contact_id: str) -> Response:
        return Response(render_contact(_find(request, contact_id)))

    @extend_schema(
        operation_id="change_contact",
        tags=["native"],
        request=ContactChanges,
        responses=_ONE | ERRORS_OF_A_BODY | CONFLICT,
    )
    def patch(self, request: Request, contact_id: str) -> Response:
        """Change what is given, and nothing else; null clears, embeddedData is merged key by key."""
        contact = _find(request, contact_id)
        region = caller_key(request).organization.phone_region
        body = parse_checked(ContactChanges, request.body, lambda given: (), phone_region=region)
        try:
            return Response(render_contact(change_contact(contact.pk, body.said())))
        except Contact.DoesNotExist:
            raise not_found("contact") from None
        except NoIdentityError:
            raise invalid_request([_NAMELESS_AFTER]) from None
        except IdentityTakenError as taken:
            fault = Fault(*_TAKEN[taken.field])
            raise Problem(HTTPStatus.CONFLICT, fault.code, fault.detail, [fault]) from None

    @extend_schema(operation_id="erase_contact", tags=["native"], responses={204: None} | ERRORS_OF_ONE)
    def delete(self, request: Request, contact_id: str) -> Response:
        """Forget who it is, stop its journeys (reason “erased”) and close its links. What was counted stays counted."""
        erase_contact(_find(request, contact_id).pk, database_now())
        return Response(status=HTTPStatus.NO_CONTENT)


class OptOut(APIView):
    """Wants no surveys, on any channel."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(operation_id="opt_out_contact", tags=["native"], request=None, responses=_ONE)
    def post(self, request: Request, contact_id: str) -> Response:
        """Write to the contact no more, and stop its journeys. Said twice, nothing more."""
        now = database_now()
        return _answer_opting(request, contact_id, lambda contact: opt_out(contact.pk, now))


class OptIn(APIView):
    """Wants surveys again."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(operation_id="opt_in_contact", tags=["native"], request=None, responses=_ONE)
    def post(self, request: Request, contact_id: str) -> Response:
        """Write to the contact again from the next distribution on; what its unsubscribing suppressed is lifted."""
        return _answer_opting(request, contact_id, lambda contact: lift_opt_out(contact.pk))


def _answer_opting(request: Request, contact_id: str, opt: Callable[[Contact], bool]) -> Response:
    opt(_find(request, contact_id))
    return Response(render_contact(_find(request, contact_id)))


def _known(request: Request) -> QuerySet[Contact]:
    """The erased are not there."""
    return own_rows(request, Contact).filter(erased_at=None)


def _find(request: Request, contact_id: str) -> Contact:
    return find_one(_known(request), contact_id, "contact")


def _with_email(rows: QuerySet[Contact], email: str) -> QuerySet[Contact]:
    """As the index has it."""
    return rows.alias(lower=Lower("email")).filter(lower=email.strip().lower()).exclude(email="")


def _is_named(given: dict[str, Any]) -> Iterator[Fault]:
    names = [given.get("externalId"), given.get("email")]
    # What is no text is a fault of the field's own.
    if all(name is None or (isinstance(name, str) and not name.strip()) for name in names):
        yield _NAMELESS
