"""Views of `/users` and `/groups`. An organisation is its only user; it has no groups."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import not_found
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import TAGS, id_field, path_id
from distributor.api.dialects.distributions_v3.envelope import (
    KEY_ERRORS,
    PATH_ERRORS,
    DialectView,
    Element,
    answer,
    answer_elements,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id

_USER_ID = path_id("user_id", Kind.LIBRARY, "Id of the user, from `GET /users` or `GET /whoami`.")


class UserElement(Element):
    """The organisation, which owns everything that its keys can reach."""

    id: str = id_field(Kind.LIBRARY, "Id of the user.")
    username: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    email: str = Field(description="Always empty.", examples=[""])
    first_name: str = Field(description="Name of the organisation.", examples=["Example Hospital"])
    last_name: str = Field(description="Always empty.", examples=[""])
    user_type: str = Field(description="Always `UT_BRANDADMIN`.", examples=["UT_BRANDADMIN"])
    organization_id: str = Field(description="Slug of the organisation.", examples=["example-hospital"])
    division_id: None = Field(description="Always null.", examples=[None])
    language: str = Field(description="Always `en`.", examples=["en"])
    account_status: str = Field(description="Always `active`.", examples=["active"])
    unsubscribed: bool = Field(description="Always false.", examples=[False])
    time_zone: str = Field(description="Time zone of the organisation (IANA).", examples=["Europe/Warsaw"])


class UserDetail(UserElement):
    """The organisation, with what only `GET /users/{id}` tells."""

    response_counts: dict[str, int] = Field(
        description="Surveys' responses are counted by survey: see `GET /surveys/{id}`. Always empty.", examples=[{}]
    )
    permissions: dict[str, Any] = Field(description="Always empty: keys have scopes.", examples=[{}])


class GroupElement(Element):
    """A group of users. There are none."""

    id: str = id_field(Kind.GROUP, "Id of the group.")
    name: str = Field(description="Name of the group.", examples=["Researchers"])


class Users(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListUsers",
        summary="List users",
        tags=TAGS,
        responses={200: paged(UserElement)} | KEY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the one user, which is the key's organisation."""
        return answer_elements([UserElement(**_values(caller_key(request).organization)).render()], None)


class UserView(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetUser",
        summary="Show a user",
        tags=TAGS,
        parameters=[_USER_ID],
        responses={200: enveloped(UserDetail)} | PATH_ERRORS,
    )
    def get(self, request: Request, user_id: str) -> Response:
        """Return the key's organisation."""
        organization = caller_key(request).organization
        keys = read_id(Kind.LIBRARY, user_id)
        if keys is None or not keys.contains(organization.pk):
            raise not_found("user")
        return answer(UserDetail(**_values(organization), response_counts={}, permissions={}))


class Groups(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListGroups",
        summary="List groups",
        tags=TAGS,
        responses={200: paged(GroupElement)} | KEY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return an empty page: an organisation has no groups of users."""
        return answer_elements([], None)


def _values(organization: Organization) -> dict[str, Any]:
    return {
        "id": public_id(Kind.LIBRARY, organization.pk),
        "username": organization.slug,
        "email": "",
        "first_name": organization.name,
        "last_name": "",
        "user_type": "UT_BRANDADMIN",
        "organization_id": organization.slug,
        "division_id": None,
        "language": "en",
        "account_status": "active",
        "unsubscribed": False,
        "time_zone": organization.time_zone,
    }
