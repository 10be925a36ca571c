"""/api/v1/lists/{id}/survey: the survey that a list is connected to."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from pydantic import ValidationError
from pydantic_core import to_json
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import MailingList
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, invalid_request, not_found
from distributor.api.bodies.reference_faults import list_or_empty, reference_fault, uuid_or_none
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.lists.wire import (
    MAX_STEPS,
    ConnectionBody,
    ConnectionDocument,
    ConnectionStepBody,
    ConnectionStepDocument,
)
from distributor.api.native.operations import ERRORS_OF_BODY, ERRORS_OF_DETAIL, LISTS
from distributor.api.native.rows import find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.acceptance.references import UnknownReference, UnknownReferencesError
from distributor.engine.audience.list_connection import connect_list, connection_faults
from distributor.models import ListConnection
from distributor.rules.requests import StepRequest


class ConnectedSurvey(NativeView):
    """The survey that a list is connected to."""

    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getConnectedSurvey",
        summary="Get the connected survey of a mailing list",
        tags=LISTS,
        responses={200: ConnectionDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, list_id: str) -> Response:
        """Return the connection of a list: recipients added by `/base/Recipient/Add` are invited to this survey."""
        return Response(_render(_find(request, list_id)))

    @extend_schema(
        operation_id="connectSurvey",
        summary="Connect a mailing list to a survey",
        tags=LISTS,
        request=ConnectionBody,
        responses={200: ConnectionDocument, 201: ConnectionDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def put(self, request: Request, list_id: str) -> Response:
        """Connect the list to a survey (201), or replace its whole connection (200)."""
        mailing_list = find_row(own_rows(request, MailingList), list_id, "list")
        mailing_list.organization = caller_key(request).organization
        body = parse_body(ConnectionBody, json_body(request), lambda given: _connection_faults(mailing_list, given))
        try:
            connection, is_new = connect_list(
                mailing_list,
                body.survey_id,
                [step.to_request() for step in body.steps],
                is_multi=body.channel_mode == "multi",
                is_active=body.is_active,
            )
        except MailingList.DoesNotExist:
            raise not_found("list") from None
        except UnknownReferencesError as unknown:  # something was deleted after the body was checked
            raise invalid_request([_as_fault(fault, fault.step) for fault in unknown.faults]) from None
        return Response(_render(connection), HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    @extend_schema(
        operation_id="disconnectSurvey",
        summary="Disconnect a mailing list from its survey",
        tags=LISTS,
        responses={204: None} | ERRORS_OF_DETAIL,
    )
    def delete(self, request: Request, list_id: str) -> Response:
        """Invite nobody who is added from now on. What was sent or scheduled is not affected."""
        _find(request, list_id).delete()
        return Response(status=HTTPStatus.NO_CONTENT)


def _find(request: Request, list_id: str) -> ListConnection:
    mailing_list = find_row(own_rows(request, MailingList), list_id, "list")
    connection = ListConnection.objects.filter(mailing_list=mailing_list).first()
    if connection is None:
        raise not_found("connected survey")
    return connection


def _connection_faults(mailing_list: MailingList, given: dict[str, Any]) -> Iterator[Fault]:
    """Find ids of nothing, and priorities that are given twice, in the steps that can be read."""
    readable: dict[int, StepRequest] = {}
    for place, step in enumerate(list_or_empty(given.get("steps"))[:MAX_STEPS]):
        try:
            readable[place] = ConnectionStepBody.model_validate_json(to_json(step)).to_request()
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
    return ConnectionDocument(
        survey_id=connection.survey_id,
        channel_mode=connection.mode,
        is_active=connection.is_active,
        steps=[
            ConnectionStepDocument(
                channel=step.provider_account.channel,
                provider_id=step.provider_account_id,
                template_id=step.template_id,
                priority=step.priority,
                fallback_delay_minutes=step.fallback_delay_minutes,
            )
            for step in connection.steps.select_related("provider_account")
        ],
        created_at=connection.created_at,
    ).rendered()
