"""Views of `/directories/{id}/contacts` and `/directories/{id}/contacts/{id}`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact, Membership
from contacts.models.api_key import Scope
from distributor.api.bodies.reference_faults import data_of_one_contact
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.directory.elements import (
    MAX_MEMBERSHIPS,
    DirectoryContactElement,
    DirectoryContactMade,
    WholeContactElement,
    render_directory_contact,
    render_whole_contact,
)
from distributor.api.dialects.distributions_v3.documentation import CONTACT_ID, DIRECTORY_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Done,
    ErrorDocument,
    answer,
    answer_done,
    answer_made,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.lists.contact_bodies import (
    change_by_body,
    read_new_contact,
    save_by_body,
)
from distributor.api.dialects.distributions_v3.lists.contact_shapes import MailingListContactBody
from distributor.api.dialects.distributions_v3.paging import PAGE, answer_found, key_parser, read_page
from distributor.api.dialects.distributions_v3.references import find_by_id, require_own
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.queries.contacts import find_contacts


class DirectoryContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListDirectoryContacts",
        summary="List contacts of the directory",
        tags=TAGS,
        parameters=[DIRECTORY_ID, *PAGE],
        responses={200: paged(DirectoryContactElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, directory_id: str) -> Response:
        """Return the organisation's contacts, newest first. Erased contacts are not listed."""
        page = read_page(request, key_parser(Kind.CONTACT), has_offset=False)
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        found = find_contacts(organization.pk, page.window)
        return answer_found(request, page, found, Kind.CONTACT, render_directory_contact)

    @extend_schema(
        operation_id="v3CreateDirectoryContact",
        summary="Create a contact in the directory",
        tags=TAGS,
        parameters=[DIRECTORY_ID],
        request=MailingListContactBody,
        responses={200: enveloped(DirectoryContactMade)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, directory_id: str) -> Response:
        """Create a contact on no list, or change an existing one.

        A contact is found by extRef, else by email, else by phone. A phone that is no number is left out, and told in
        `meta.warnings`, if the contact has an extRef or email.
        """
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        body, warnings = read_new_contact(request)
        with data_of_one_contact():
            contact, is_new = save_by_body(organization.pk, body, database_now())
        made = DirectoryContactMade(id=public_id(Kind.CONTACT, contact.pk))
        return answer_made(made, warnings) if is_new else answer(made, warnings)


class DirectoryContactDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetDirectoryContact",
        summary="Show a contact of the directory",
        tags=TAGS,
        parameters=[DIRECTORY_ID, CONTACT_ID],
        responses={200: enveloped(WholeContactElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, directory_id: str, contact_id: str) -> Response:
        """Return a contact with its data and the lists that it is on."""
        contact = find_directory_contact(request, directory_id, contact_id)
        memberships = Membership.objects.filter(contact=contact).select_related("mailing_list")
        newest = list(memberships.order_by("-mailing_list_id")[:MAX_MEMBERSHIPS])
        return answer_result(render_whole_contact(contact, newest))

    @extend_schema(
        operation_id="v3UpdateDirectoryContact",
        summary="Change a contact of the directory",
        tags=TAGS,
        parameters=[DIRECTORY_ID, CONTACT_ID],
        request=MailingListContactBody,
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS | BODY_ERRORS,
    )
    def put(self, request: Request, directory_id: str, contact_id: str) -> Response:
        """Change the fields that are given. Null and "" clear a field; embeddedData is merged key by key.

        A phone that is no number changes nothing, and is told in `meta.warnings`.
        """
        contact = find_directory_contact(request, directory_id, contact_id)
        return answer_done(change_by_body(request, contact))

    @extend_schema(
        operation_id="v3DeleteDirectoryContact",
        summary="Delete a contact from the directory",
        tags=TAGS,
        parameters=[DIRECTORY_ID, CONTACT_ID],
        responses={200: Done} | PATH_ERRORS,
    )
    def delete(self, request: Request, directory_id: str, contact_id: str) -> Response:
        """Delete all personal data of the contact, take it off its lists, stop its journeys and close its links.

        An opt-out outlives the contact: nobody writes to the address again, even if it is imported later. The counts
        of distributions do not change. To take a contact off one list, use the list's DELETE.
        """
        erase_contact(find_directory_contact(request, directory_id, contact_id).pk, database_now())
        return answer_done()


def find_directory_contact(request: Request, directory_id: str, contact_id: str) -> Contact:
    """Return the caller's contact with the ids of a path. Raises a 404 Problem, also for erased contacts."""
    organization = caller_key(request).organization
    require_own(organization, Kind.DIRECTORY, directory_id)
    return find_by_id(Contact.objects.filter(organization=organization, erased_at=None), Kind.CONTACT, contact_id)
