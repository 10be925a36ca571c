"""/api/v1/surveys: what is sent."""

from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.fields import ONE_LINE
from distributor.api.native.owned import (
    CONFLICT,
    ERRORS_OF_A_BODY,
    ERRORS_OF_ONE,
    PAGE,
    answer_page,
    change_one,
    delete_one,
    find_one,
    own_rows,
    rendering,
)
from distributor.api.native.shapes import (
    CLEARED,
    Body,
    Document,
    Line,
    Locale,
    Name,
    NoneIfBlank,
    Text,
    UrlOrNone,
    parse_checked,
)
from distributor.api.problems import Fault
from distributor.models import Survey

MAX_MINUTES = 5_256_000  # ten years
Question = Annotated[str, StringConstraints(max_length=500, pattern=ONE_LINE)]


class SurveyChanges(Body):
    """What to change; null clears a text."""

    name: Name = ""
    default_locale: Annotated[Locale, Field(min_length=1)] = "en"
    target_url: UrlOrNone = Field("", description="Where a link leads; null: the built-in question.")
    question: Annotated[Question | None, CLEARED] = Field("", description="The built-in page's question.")
    throttle_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None, description="To the same contact again: not sooner. null: the organisation's rule; 0: none."
    )
    thank_you_message: Text = ""
    thank_you_link_text: Line = ""
    thank_you_link_url: UrlOrNone = ""


class SurveyBody(SurveyChanges):
    """A survey to make."""

    name: Name


class SurveyDocument(Document):
    id: UUID
    name: str
    default_locale: str
    target_url: NoneIfBlank
    question: NoneIfBlank
    throttle_minutes: int | None
    thank_you_message: NoneIfBlank
    thank_you_link_text: NoneIfBlank
    thank_you_link_url: NoneIfBlank
    created_at: datetime


class SurveyPage(Document):
    """Newest first."""

    items: list[SurveyDocument]
    next_cursor: str | None


_render = rendering(SurveyDocument)


class Surveys(APIView):
    """The organisation's surveys."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="list_surveys", tags=["native"], parameters=PAGE, responses={200: SurveyPage} | ERRORS_OF_A_BODY
    )
    def get(self, request: Request) -> Response:
        return answer_page(request, own_rows(request, Survey), _render)

    @extend_schema(
        operation_id="create_survey",
        tags=["native"],
        request=SurveyBody,
        responses={201: SurveyDocument} | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request) -> Response:
        organization = caller_key(request).organization
        body = parse_checked(SurveyBody, request.body, _target_check(organization))
        return Response(_render(Survey.objects.create(organization=organization, **body.said())), HTTPStatus.CREATED)


class OneSurvey(APIView):
    """A survey."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(operation_id="read_survey", tags=["native"], responses={200: SurveyDocument} | ERRORS_OF_ONE)
    def get(self, request: Request, survey_id: str) -> Response:
        return Response(_render(find_one(own_rows(request, Survey), survey_id, "survey")))

    @extend_schema(
        operation_id="change_survey",
        tags=["native"],
        request=SurveyChanges,
        responses={200: SurveyDocument} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def patch(self, request: Request, survey_id: str) -> Response:
        """Change what is given, and nothing else."""
        rows = own_rows(request, Survey)
        survey = find_one(rows, survey_id, "survey")
        body = parse_checked(SurveyChanges, request.body, _target_check(caller_key(request).organization))
        return Response(_render(change_one(rows, survey, body.said(), "survey")))

    @extend_schema(operation_id="delete_survey", tags=["native"], responses={204: None} | ERRORS_OF_ONE | CONFLICT)
    def delete(self, request: Request, survey_id: str) -> Response:
        """Only a survey that was never sent: 409 otherwise."""
        return delete_one(own_rows(request, Survey), survey_id, "survey")


def _target_check(organization: Organization) -> Callable[[dict[str, Any]], Iterator[Fault]]:
    def check(given: dict[str, Any]) -> Iterator[Fault]:
        """Whether a link may lead to the target's host. What is no URL is a fault of the field's own."""
        target = given.get("targetUrl")
        try:
            is_allowed = (
                not isinstance(target, str)
                or not target
                or Survey(organization=organization, target_url=target).target_is_allowed
            )
        except ValueError:
            return
        if not is_allowed:
            yield Fault(
                "/targetUrl", "host_not_allowed", "This host is not among the organisation's allowed redirect hosts."
            )

    return check
