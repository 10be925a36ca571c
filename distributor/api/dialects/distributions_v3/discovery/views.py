"""Views of `/whoami`, `/surveys`, `/directories` and `/libraries`."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact
from contacts.models.api_key import Scope
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.discovery.elements import (
    Caller,
    DirectoryElement,
    LibraryElement,
    SurveyElement,
    render_survey,
)
from distributor.api.dialects.distributions_v3.documentation import TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    KEY_ERRORS,
    QUERY_ERRORS,
    DialectView,
    answer,
    answer_elements,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, page_of_rows, read_page
from distributor.models import Survey


class WhoAmI(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetCaller",
        summary="Show the caller",
        tags=TAGS,
        responses={200: enveloped(Caller)} | KEY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the API key of the call and its organisation."""
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
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListSurveys",
        summary="List surveys",
        tags=TAGS,
        parameters=[*PAGE, OFFSET],
        responses={200: paged(SurveyElement)} | QUERY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the organisation's surveys, newest first."""
        organization = caller_key(request).organization
        owner_id = public_id(Kind.LIBRARY, organization.pk)
        return page_of_rows(
            request,
            Survey.objects.filter(organization=organization),
            read_page(request, key_parser(Kind.SURVEY)),
            lambda survey: public_id(Kind.SURVEY, survey.pk),
            lambda surveys: [render_survey(survey, owner_id).render() for survey in surveys],
        )


class Directories(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListDirectories",
        summary="List directories",
        tags=TAGS,
        responses={200: paged(DirectoryElement)} | KEY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the one directory, which has all contacts of the organisation."""
        organization = caller_key(request).organization
        directory = DirectoryElement(
            directory_id=public_id(Kind.DIRECTORY, organization.pk),
            name=organization.name,
            contact_count=Contact.objects.filter(organization=organization, erased_at=None).count(),
            is_default=True,
        )
        return answer_elements([directory.render()], None)


class Libraries(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListLibraries",
        summary="List libraries",
        tags=TAGS,
        responses={200: paged(LibraryElement)} | KEY_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Return the one library, which has all templates of the organisation."""
        organization = caller_key(request).organization
        library = LibraryElement(library_id=public_id(Kind.LIBRARY, organization.pk), library_name=organization.name)
        return answer_elements([library.render()], None)
