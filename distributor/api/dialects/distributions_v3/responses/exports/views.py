"""Views of `/surveys/{SV}/export-responses`."""

from http import HTTPStatus
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Problem, not_found
from distributor.api.calls.audit import record_call
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import SURVEY, TAGS, path_id
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    DialectView,
    Element,
    ErrorDocument,
    answer,
    enveloped,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import KeyRange, Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.responses.exports.body import FORMATS, ResponseExportBody
from distributor.api.dialects.distributions_v3.responses.exports.files import (
    content_type_of,
    file_name_of,
    write_file,
)
from distributor.api.dialects.distributions_v3.responses.metadata import SOURCE_COLUMNS
from distributor.api.dialects.distributions_v3.surveys.lookup import find_survey
from distributor.api.request_body import json_body
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.start import MAX_UNFINISHED, ExportRequest, TooManyExportsError, start_export
from distributor.engine.exports.write import write_here
from distributor.engine.infrastructure.audit import actor_of_key
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Export, Survey
from distributor.models.export import ExportFormat, ExportKind
from distributor.rules.exports import ExportState

# Clients look once and at once, or a few times in a row: a small export is ready by then.
WRITES_FOR_SECONDS: Final = 2
PROGRESS_ID: Final = path_id("progress_id", Kind.EXPORT, "`progressId` of the export.")
FILE_ID: Final = path_id("file_id", Kind.EXPORT, "`fileId` of the export, once it is complete; `progressId` works too.")
_DONE: Final = frozenset({ExportState.FAILED, ExportState.WITHDRAWN, ExportState.EXPIRED})
_GONE: Final = "The file is gone: its 7 days are over, or a person in it was erased. Start another export."

_FILES: Final[dict[Any, Any]] = {
    (200, f"application/{name}"): OpenApiResponse(OpenApiTypes.BINARY, f"The file as {name}.")
    for name in ("zip", *FORMATS)
}


class ExportStarted(Element):
    """The export that was started."""

    progress_id: str = Field(description="Id of the export.", examples=[Kind.EXPORT.example])
    percent_complete: float = Field(description="Always 0: ask for the progress.", examples=[0.0])
    status: str = Field(description="Always `inProgress`.", examples=["inProgress"])


class ExportProgress(Element):
    """How far an export is."""

    file_id: str | None = Field(
        default=None,
        description="Id of the file. Absent until the export is complete.",
        examples=["0194c4f0-9f33-7a77-b2c3-d4e5f6071829"],
    )
    percent_complete: float = Field(description="How much is done, 0 to 100.", examples=[100.0])
    status: str = Field(description="`inProgress`, `complete` or `failed`.", examples=["complete"])


class ResponseExports(DialectView):
    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="v3StartResponseExport",
        summary="Start an export of responses",
        tags=TAGS,
        parameters=[SURVEY],
        request=ResponseExportBody,
        responses={200: enveloped(ExportStarted), 429: ErrorDocument} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, survey_id: str) -> Response:
        """Write a survey's responses into a file, oldest first.

        A small export is complete when its progress is asked for the first time. Others are written by workers. The
        file is kept for 7 days; erasing a person who is in it deletes it.
        """
        key, survey = caller_key(request), find_survey(request, survey_id)
        body, _keys = read_body(ResponseExportBody, json_body(request), key.organization, {})
        asked = ExportRequest(
            ExportKind.RESPONSES.value,
            ExportFormat.NDJSON.value,
            ExportFilters(survey_id=survey.pk, since=body.start_date, before=body.end_date),
            SOURCE_COLUMNS,
            row_limit=0 if body.export_responses_in_progress else body.limit,
            rendering=body.rendering(),
        )
        actor = actor_of_key(key)
        try:
            export = start_export(key.organization, asked, actor, actor.name, database_now())
        except TooManyExportsError:
            text = f"{MAX_UNFINISHED} exports of this organisation are not finished yet. Wait until one is."
            status = HTTPStatus.TOO_MANY_REQUESTS
            raise Problem(status, "too_many_exports", text, headers={"Retry-After": "10"}) from None
        write_here(export.pk, WRITES_FOR_SECONDS, database_now)
        progress_id = public_id(Kind.EXPORT, export.pk)
        return answer(ExportStarted(progress_id=progress_id, percent_complete=0.0, status="inProgress"))


class ResponseExportProgress(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3GetResponseExport",
        summary="Show how far an export is",
        tags=TAGS,
        parameters=[SURVEY, PROGRESS_ID],
        responses={200: enveloped(ExportProgress)} | PATH_ERRORS,
    )
    def get(self, request: Request, survey_id: str, progress_id: str) -> Response:
        """Return how much of an export is written, and the id of its file once it is complete."""
        export = _find_export(find_survey(request, survey_id), progress_id)
        percent, state = round(export.progress * 100, 1), export.state_at(database_now())
        if state is ExportState.READY:
            return answer(ExportProgress(file_id=str(export.pk), percent_complete=percent, status="complete"))
        status = "failed" if state in _DONE else "inProgress"
        return answer(ExportProgress(percent_complete=percent, status=status))


class ResponseExportFile(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3DownloadResponseExport",
        summary="Download an export of responses",
        tags=TAGS,
        parameters=[SURVEY, FILE_ID],
        responses=_FILES | PATH_ERRORS | {409: ErrorDocument, 410: ErrorDocument},
    )
    def get(self, request: Request, survey_id: str, file_id: str) -> StreamingHttpResponse:
        """Return the file of an export. 409 while it is being written, 410 once it is gone.

        CSV and TSV have three rows of heads: names, texts of questions, and ids as JSON. They are UTF-8. A text that a
        spreadsheet would take for a formula gets an apostrophe, unless it is a number; JSON has it as it is.
        """
        survey = find_survey(request, survey_id)
        export = _find_export(survey, file_id)
        state = export.state_at(database_now())
        if state in _DONE:
            raise Problem(HTTPStatus.GONE, "export_failed" if state is ExportState.FAILED else "export_expired", _GONE)
        if state is not ExportState.READY:
            raise Problem(HTTPStatus.CONFLICT, "export_not_ready", "This export is not ready yet.")
        record_call(request, "downloaded", export)
        disposition = content_disposition_header(True, file_name_of(export, survey))
        headers: dict[str, Any] = {"Content-Disposition": disposition}
        return StreamingHttpResponse(write_file(export, survey), content_type=content_type_of(export), headers=headers)


def _find_export(survey: Survey, text: str) -> Export:
    """Return the survey's export of a `progressId` or `fileId`. Raises a 404 Problem."""
    keys = read_id(Kind.EXPORT, text) or _exactly(text)
    exports = Export.objects.filter(organization=survey.organization_id, kind=ExportKind.RESPONSES)
    own = exports.filter(filters__surveyId=str(survey.pk)).exclude(rendering={})
    export = own.filter(pk__range=keys).first() if keys else None
    if export is None:
        raise not_found("export")
    return export


def _exactly(text: str) -> KeyRange | None:
    try:
        return KeyRange(UUID(text), UUID(text))
    except ValueError:
        return None
