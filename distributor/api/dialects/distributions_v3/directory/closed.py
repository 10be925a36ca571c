"""Views of contacts who are not written to: opted out, or bounced."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.directory.elements import OptedOutElement, render_opted_out
from distributor.api.dialects.distributions_v3.documentation import DIRECTORY_ID, LIST_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import PATH_ERRORS, QUERY_ERRORS, DialectView, paged
from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.dialects.distributions_v3.lists.mailing_lists import find_list
from distributor.api.dialects.distributions_v3.paging import PAGE, answer_found, key_parser, read_page
from distributor.api.dialects.distributions_v3.references import require_own
from distributor.engine.queries.contacts import find_bounced_members, find_opted_out, find_opted_out_members

_ANSWER = {200: paged(OptedOutElement)} | PATH_ERRORS | QUERY_ERRORS


class OptedOutContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListOptedOutContacts",
        summary="List contacts who have opted out",
        tags=TAGS,
        parameters=[DIRECTORY_ID, *PAGE],
        responses=_ANSWER,
    )
    def get(self, request: Request, directory_id: str) -> Response:
        """Return the organisation's contacts who have opted out, the newest contacts first."""
        page = read_page(request, key_parser(Kind.CONTACT), has_offset=False)
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        return answer_found(request, page, find_opted_out(organization.pk, page.window), Kind.CONTACT, render_opted_out)


class OptedOutListContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListOptedOutListContacts",
        summary="List contacts of a mailing list who have opted out",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, *PAGE],
        responses=_ANSWER,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Return the contacts on the list who have opted out, the newest contacts first.

        A page of a long list may have fewer elements than `pageSize`: `nextPage` leads on until it is null.
        """
        page = read_page(request, key_parser(Kind.CONTACT), has_offset=False)
        found = find_opted_out_members(find_list(request, directory_id, list_id).pk, page.window)
        return answer_found(request, page, found, Kind.CONTACT, render_opted_out)


class BouncedListContacts(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListBouncedListContacts",
        summary="List contacts of a mailing list whose messages bounced",
        tags=TAGS,
        parameters=[DIRECTORY_ID, LIST_ID, *PAGE],
        responses=_ANSWER,
    )
    def get(self, request: Request, directory_id: str, list_id: str) -> Response:
        """Return the contacts on the list with an address that is closed by a hard bounce, the newest contacts first.

        A page of a long list may have fewer elements than `pageSize`: `nextPage` leads on until it is null.
        """
        page = read_page(request, key_parser(Kind.CONTACT), has_offset=False)
        found = find_bounced_members(find_list(request, directory_id, list_id), page.window)
        return answer_found(request, page, found, Kind.CONTACT, render_opted_out)
