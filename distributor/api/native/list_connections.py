"""/api/v1/lists/{id}/survey: the survey that a list is connected to."""

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field, ValidationError
from pydantic_core import to_json
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.models import MailingList
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.fields import NULL_IS_DEFAULT
from distributor.api.native.owned import CONFLICT, ERRORS_OF_A_BODY, ERRORS_OF_ONE, find_one, own_rows
from distributor.api.native.shapes import Body, Document, parse_checked
from distributor.api.problems import Fault, invalid_request, not_found
from distributor.api.reference_faults import list_or_empty, reference_fault, uuid_or_none
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError
from distributor.engine.audience.list_connection import connect_list, connection_faults
from distributor.models import ListConnection
from distributor.rules.requests import StepRequest

MAX_STEPS = 10
MAX_MINUTES = 525_600  # a year


class ConnectionStepBody(Body):
    """A way to reach people; the lowest priority number goes first."""

    channel: Literal["email", "sms", "whatsapp"]
    provider_id: UUID
    template_id: UUID
    priority: Annotated[int, Field(ge=1, le=10), NULL_IS_DEFAULT] = 1
    fallback_delay_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = None

    def as_request(self) -> StepRequest:
        return StepRequest(
            channel=self.channel,
            provider_account_id=self.provider_id,
            template_id=self.template_id,
            priority=self.priority,
            fallback_delay_minutes=self.fallback_delay_minutes,
        )


class ConnectionBody(Body):
    """What whoever is added is sent, and how."""

    survey_id: UUID
    channel_mode: Annotated[Literal["single", "multi"], NULL_IS_DEFAULT] = "single"
    is_active: Annotated[bool, NULL_IS_DEFAULT, Field(description="false: people are added and not invited.")] = True
    steps: Annotated[
        list[ConnectionStepBody],
        Field(max_length=MAX_STEPS, description="None: the organisation's first channel that has defaults."),
        NULL_IS_DEFAULT,
    ] = Field(default_factory=list)


class ConnectionStepDocument(Document):
    channel: str
    provider_id: UUID
    template_id: UUID
    priority: int
    fallback_delay_minutes: int | None


class ConnectionDocument(Document):
    survey_id: UUID
    channel_mode: str
    is_active: bool
    steps: list[ConnectionStepDocument]
    created_at: datetime


class ConnectedSurvey(APIView):
    """The survey that people are invited to when the recipient-add call puts them on the list."""

    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="read_connected_survey", tags=["native"], responses={200: ConnectionDocument} | ERRORS_OF_ONE
    )
    def get(self, request: Request, list_id: str) -> Response:
        return Response(_render(_find(request, list_id)))

    @extend_schema(
        operation_id="connect_survey",
        tags=["native"],
        request=ConnectionBody,
        responses={200: ConnectionDocument, 201: ConnectionDocument} | ERRORS_OF_ONE | ERRORS_OF_A_BODY | CONFLICT,
    )
    def put(self, request: Request, list_id: str) -> Response:
        """Connect the list (201), or put this in the place of its connection (200)."""
        found = find_one(own_rows(request, MailingList), list_id, "list")
        found.organization = caller_key(request).organization
        body = parse_checked(ConnectionBody, request.body, lambda given: _further_faults(found, given))
        try:
            connection, is_new = connect_list(
                found,
                body.survey_id,
                [step.as_request() for step in body.steps],
                is_multi=body.channel_mode == "multi",
                is_active=body.is_active,
            )
        except MailingList.DoesNotExist:
            raise not_found("list") from None
        except UnknownReferencesError as unknown:  # something has been deleted since it was looked for
            raise invalid_request([_as_fault(fault, fault.step) for fault in unknown.faults]) from None
        return Response(_render(connection), HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    @extend_schema(operation_id="disconnect_survey", tags=["native"], responses={204: None} | ERRORS_OF_ONE)
    def delete(self, request: Request, list_id: str) -> Response:
        """Whoever is added afterwards is not invited. What was sent or is scheduled stays."""
        _find(request, list_id).delete()
        return Response(status=HTTPStatus.NO_CONTENT)


def _find(request: Request, list_id: str) -> ListConnection:
    mailing_list = find_one(own_rows(request, MailingList), list_id, "list")
    connection = ListConnection.objects.filter(mailing_list=mailing_list).first()
    if connection is None:
        raise not_found("connected survey")
    return connection


def _further_faults(mailing_list: MailingList, given: dict[str, Any]) -> Iterator[Fault]:
    """What is named and not there, and priorities that are named twice, as far as the body can be read."""
    readable: dict[int, StepRequest] = {}
    for place, step in enumerate(list_or_empty(given.get("steps"))[:MAX_STEPS]):
        try:
            readable[place] = ConnectionStepBody.model_validate_json(to_json(step)).as_request()
        except ValidationError:
            continue
    places = list(readable)
    for fault in connection_faults(mailing_list, uuid_or_none(given.get("surveyId")), list(readable.values())):
        yield _as_fault(fault, None if fault.step is None else places[fault.step])
    taken: set[int] = set()
    for place, request in readable.items():
        if request.priority in taken:
            yield Fault(f"/steps/{place}/priority", "named_twice", "Another step has this priority.")
        taken.add(request.priority)


def _as_fault(fault: UnknownReference, place: int | None) -> Fault:
    return reference_fault("/surveyId" if place is None else f"/steps/{place}/{fault.what}Id", fault)


def _render(connection: ListConnection) -> dict[str, Any]:
    steps = [
        ConnectionStepDocument(
            channel=step.provider_account.channel,
            provider_id=step.provider_account_id,
            template_id=step.template_id,
            priority=step.priority,
            fallback_delay_minutes=step.fallback_delay_minutes,
        )
        for step in connection.steps.select_related("provider_account")
    ]
    return ConnectionDocument(
        survey_id=connection.survey_id,
        channel_mode=connection.mode,
        is_active=connection.is_active,
        steps=steps,
        created_at=connection.created_at,
    ).model_dump(by_alias=True)
