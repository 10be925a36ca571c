"""POST /api/v1/responses/import: responses that were collected elsewhere."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import ApiKey
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, ProblemDocument, invalid_request
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.links.views import LINK_REFUSALS
from distributor.api.native.operations import ERRORS, INVALID, RESPONSES
from distributor.api.native.responses.wire import ImportAnswer, ImportBody, ImportedResponse, ImportResult
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import LinkNotOpenError, record_anonymous, record_response
from distributor.models import Survey

# The id of an anonymous response holds its day in milliseconds since 1970, so there are no earlier days.
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ImportResponses(NativeView):
    """Imports responses."""

    scopes: ClassVar = {"POST": Scope.SEND}

    @extend_schema(
        operation_id="importResponses",
        summary="Import responses",
        tags=RESPONSES,
        request=ImportBody,
        responses={200: ImportAnswer, 413: ProblemDocument, 415: ProblemDocument} | INVALID | ERRORS,
    )
    def post(self, request: Request) -> Response:
        """Store up to 200 responses that were collected elsewhere. Each is stored or refused on its own.

        A response by code uses its link up, so repeating an import stores none of these again. Anonymous responses are
        stored again.
        """
        key = caller_key(request)
        body = parse_body(ImportBody, json_body(request))
        now = database_now()
        faults = [
            Fault(f"/responses/{place}/submittedAt", "datetime_range", "Must not be before 1970 or after now.")
            for place, given in enumerate(body.responses)
            if given.submitted_at is not None and not _EARLIEST <= given.submitted_at <= now
        ]
        if faults:
            raise invalid_request(faults)
        survey_ids = {given.survey_id for given in body.responses if given.survey_id is not None}
        surveys = Survey.objects.filter(organization_id=key.organization_id).in_bulk(list(survey_ids))
        results = [_store(given, surveys, key, now) for given in body.responses]
        answer = ImportAnswer(imported=sum(result.error is None for result in results), results=results)
        return Response(answer.rendered())


def _store(given: ImportedResponse, surveys: Mapping[UUID, Survey], key: ApiKey, now: datetime) -> ImportResult:
    if given.survey_id is not None:
        survey = surveys.get(given.survey_id)
        if survey is None:
            return _refused("survey_not_found")
        stored = record_anonymous(survey, given.answers, given.submitted_at or now)
    else:
        try:
            stored = record_response(
                given.code or "",
                given.answers,
                now,
                submitted_at=given.submitted_at,
                organization_id=key.organization_id,
                key_kind=key.kind,
            )
        except LinkNotOpenError as refusal:
            return _refused("link_not_found" if refusal.state is None else LINK_REFUSALS[refusal.state][1])
    return ImportResult(id=stored.pk, submitted_at=stored.submitted_at, error=None)


def _refused(error: str) -> ImportResult:
    return ImportResult(id=None, submitted_at=None, error=error)
