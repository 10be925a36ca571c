"""View of `/directories/{id}/contacts/search`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.directory.elements import FoundContactElement, render_found_contact
from distributor.api.dialects.distributions_v3.directory.filters import ContactSearchBody
from distributor.api.dialects.distributions_v3.documentation import DIRECTORY_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    DialectView,
    Element,
    answer_result,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import PAGE, key_parser, read_page
from distributor.api.dialects.distributions_v3.references import require_own
from distributor.api.request_body import json_body
from distributor.engine.queries.contact_search import search_contacts


class FoundContacts(Element):
    """A page of the contacts that a search found."""

    elements: list[FoundContactElement] = Field(description="The page's elements.")
    skip_token: str | None = Field(
        description="Pass it as `?skipToken=` with the same body to get the next page. Null on the last page.",
        examples=[Kind.CONTACT.example],
    )


class ContactSearch(DialectView):
    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="v3SearchContacts",
        summary="Search contacts of the directory",
        tags=TAGS,
        parameters=[DIRECTORY_ID, *PAGE],
        request=ContactSearchBody,
        responses={200: enveloped(FoundContacts)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, directory_id: str) -> Response:
        """Return the contacts that pass a filter, newest first. Changes nothing.

        A page may have fewer elements than `pageSize`: `skipToken` leads on until it is null.
        """
        page = read_page(request, key_parser(Kind.CONTACT))
        organization = caller_key(request).organization
        require_own(organization, Kind.DIRECTORY, directory_id)
        body, _keys = read_body(
            ContactSearchBody, json_body(request), organization, {}, phone_region=organization.phone_region
        )
        found = search_contacts(organization.pk, page.window, body.filter)
        token = None if found.next_key is None else public_id(Kind.CONTACT, found.next_key[0])
        return answer_result(
            {"elements": [render_found_contact(contact) for contact in found.rows], "skipToken": token}
        )
