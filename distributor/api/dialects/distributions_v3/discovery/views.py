"""How a client finds the ids that it needs: /API/v3/whoami, /surveys, /directories, /libraries and their messages."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Template
from contacts.channel import Channel
from contacts.models import Contact
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.dialects.distributions_v3.distributions.element import moment
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS,
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    DialectView,
    Element,
    answer,
    answer_elements,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, keys_before, page_of_rows, read_page
from distributor.api.dialects.distributions_v3.references import require_own
from distributor.models import Survey


class Caller(Element):
    """Whose key it is."""

    brand_id: str
    user_id: str = Field(description="The owner of everything: the organisation.")
    user_name: str = Field(description="The key's name.")
    time_zone: str


class SurveyElement(Element):
    id: str = Field(pattern=Kind.SURVEY.pattern)
    name: str
    owner_id: str
    is_active: bool
    last_modified: str = Field(description="When it was made: later changes are not noted.")
    creation_date: str


class DirectoryElement(Element):
    directory_id: str = Field(pattern=Kind.DIRECTORY.pattern)
    name: str
    contact_count: int
    is_default: bool


class LibraryElement(Element):
    library_id: str = Field(pattern=Kind.LIBRARY.pattern)
    library_name: str


class LibraryMessageElement(Element):
    id: str = Field(pattern=Kind.MESSAGE.pattern)
    description: str
    category: str = Field(description="invite, or smsInvite of what is no e-mail")
    channel: str = Field(description="Ours: email, sms or whatsapp")


class WhoAmI(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(operation_id="v3_whoami", tags=["lists and links"], responses={200: enveloped(Caller)} | ERRORS)
    def get(self, request: Request) -> Response:
        key = caller_key(request)
        organization = key.organization
        caller = Caller(
            brand_id=organization.slug,
            user_id=public_id(Kind.LIBRARY, organization.pk),
            user_name=key.name,
            time_zone=organization.time_zone,
        )
        return answer(caller)


class Surveys(DialectView):
    """The organisation's surveys, newest first."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3_list_surveys",
        tags=["lists and links"],
        parameters=[*PAGE, OFFSET],
        responses={200: paged(SurveyElement)} | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request) -> Response:
        organization = caller_key(request).organization
        owner = public_id(Kind.LIBRARY, organization.pk)
        return page_of_rows(
            request,
            Survey.objects.filter(organization=organization),
            read_page(request, keys_before(Kind.SURVEY)),
            lambda row: public_id(Kind.SURVEY, row.pk),
            lambda rows: [_survey(row, owner).rendered() for row in rows],
        )


class Directories(DialectView):
    """The one directory: all contacts of the organisation."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3_list_directories",
        tags=["lists and links"],
        responses={200: paged(DirectoryElement)} | ERRORS,
    )
    def get(self, request: Request) -> Response:
        organization = caller_key(request).organization
        directory = DirectoryElement(
            directory_id=public_id(Kind.DIRECTORY, organization.pk),
            name=organization.name,
            contact_count=Contact.objects.filter(organization=organization, erased_at=None).count(),
            is_default=True,
        )
        return answer_elements([directory.rendered()], None)


class Libraries(DialectView):
    """The one library: all templates of the organisation."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3_list_libraries", tags=["lists and links"], responses={200: paged(LibraryElement)} | ERRORS
    )
    def get(self, request: Request) -> Response:
        organization = caller_key(request).organization
        library = LibraryElement(library_id=public_id(Kind.LIBRARY, organization.pk), library_name=organization.name)
        return answer_elements([library.rendered()], None)


class LibraryMessages(DialectView):
    """The library's messages, which are the organisation's templates, newest first."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3_list_messages",
        tags=["lists and links"],
        parameters=[*PAGE, OFFSET],
        responses={200: paged(LibraryMessageElement)} | ERRORS_OF_ONE | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request, library_id: str) -> Response:
        organization = caller_key(request).organization
        require_own(organization, Kind.LIBRARY, library_id)
        return page_of_rows(
            request,
            Template.objects.filter(organization=organization),
            read_page(request, keys_before(Kind.MESSAGE)),
            lambda row: public_id(Kind.MESSAGE, row.pk),
            lambda rows: [_message(row).rendered() for row in rows],
        )


def _survey(row: Survey, owner: str) -> SurveyElement:
    return SurveyElement(
        id=public_id(Kind.SURVEY, row.pk),
        name=row.name,
        owner_id=owner,
        is_active=True,
        last_modified=moment(row.created_at),
        creation_date=moment(row.created_at),
    )


def _message(row: Template) -> LibraryMessageElement:
    return LibraryMessageElement(
        id=public_id(Kind.MESSAGE, row.pk),
        description=row.name,
        category="invite" if row.channel == Channel.EMAIL else "smsInvite",
        channel=row.channel,
    )
