"""Start, list, read and delete exports, and download their files."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.answers.pagination import read_number
from distributor.api.answers.problems import Fault, Problem, ProblemDocument, invalid_request
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.audit import record_call
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import HEADER, PARAMETER, idempotent
from distributor.api.native.exports.wire import (
    COLUMNS_TEXT,
    ExportBody,
    ExportFiltersBody,
    ExportPage,
    ExportStatusDocument,
    render_export,
    to_filters,
)
from distributor.api.native.operations import (
    CONFLICT,
    ERRORS,
    ERRORS_OF_DETAIL,
    ERRORS_OF_SENDING,
    EXPORTS,
    INVALID,
    PAGE,
)
from distributor.api.native.rows import answer_page, find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.exports.download import CONTENT_TYPES, is_compressed, read_file, read_gzip_file
from distributor.engine.exports.expiry import delete_export
from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.start import (
    MAX_UNFINISHED,
    ExportRequest,
    TooManyExportsError,
    find_export_faults,
    start_export,
)
from distributor.engine.exports.write import write_here
from distributor.engine.infrastructure.audit import actor_of_key
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Export
from distributor.models.export import ExportFormat, ExportKind
from distributor.rules.exports import ExportState

MAX_WAIT_SECONDS: Final = 30
_GZIP: Final = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?:1|0\.0*[1-9])[0-9.]*\s*)?(?:,|$)", re.IGNORECASE)
_STATES: Final[Mapping[ExportState, tuple[HTTPStatus, str, str]]] = {
    ExportState.QUEUED: (HTTPStatus.CONFLICT, "export_not_ready", "This export is not ready yet."),
    ExportState.RUNNING: (HTTPStatus.CONFLICT, "export_not_ready", "This export is not ready yet."),
    ExportState.FAILED: (HTTPStatus.GONE, "export_failed", "This export could not be written. Start another one."),
    ExportState.WITHDRAWN: (
        HTTPStatus.GONE,
        "export_withdrawn",
        "The file was deleted because a person in it was erased. Start another export.",
    ),
    ExportState.EXPIRED: (
        HTTPStatus.GONE,
        "export_expired",
        "The file was deleted after 7 days. Start another export.",
    ),
}
_DESCRIPTION: Final = f"""Write rows into a file in the background.

Answers 202 with the export. Read it until its state is `ready`, and then its `file`. With `wait` the call itself writes
for up to so many seconds, so that a small export is ready in its answer; a call with an Idempotency-Key does not wait.

The audit log needs a key with the scope `manage`. People who were erased are in no export. The columns by kind:
{COLUMNS_TEXT}

Formats, formulas and times are described in the guide “Export”."""
_GONE: Final[dict[int, Any]] = {410: ProblemDocument}
_TOO_MANY: Final[dict[int, Any]] = {429: ProblemDocument}


class Exports(NativeView):
    """The organisation's exports."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.READ}

    @extend_schema(
        operation_id="listExports",
        summary="List exports",
        tags=EXPORTS,
        parameters=[*PAGE],
        responses={200: ExportPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's exports of the last 7 days, newest first."""
        now = database_now()
        return answer_page(request, visible_exports(request), lambda export: render_export(export, now))

    @extend_schema(
        operation_id="startExport",
        summary="Start an export",
        tags=EXPORTS,
        description=_DESCRIPTION,
        parameters=[
            PARAMETER,
            OpenApiParameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0},
                description=f"How many seconds to wait for a small export, at most {MAX_WAIT_SECONDS}.",
            ),
        ],
        request=ExportBody,
        responses={202: ExportStatusDocument} | ERRORS_OF_SENDING | _TOO_MANY,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Write rows into a file in the background."""
        key, now = caller_key(request), database_now()
        faults: list[Fault] = []
        wait = read_number(request, "wait", 0, 0, MAX_WAIT_SECONDS, faults)
        try:
            body = parse_body(ExportBody, json_body(request), lambda given: _faults(key.organization, given))
        except Problem as problem:
            raise (invalid_request([*faults, *problem.faults]) if problem.faults and faults else problem) from None
        if faults:
            raise invalid_request(faults)
        _require_scope(request, body.kind)
        asked = ExportRequest(body.kind, body.format, to_filters(body.filters), body.columns)
        actor = actor_of_key(key)
        try:
            export = start_export(key.organization, asked, actor, actor.name, now)
        except TooManyExportsError:
            raise _too_many() from None
        if wait and HEADER not in request.headers:  # with a key, all is one transaction, which must be short
            write_here(export.pk, wait, database_now)
            export.refresh_from_db()
        answer = Response(render_export(export, database_now()), HTTPStatus.ACCEPTED)
        answer["Location"] = f"{request.path.rstrip('/')}/{export.pk}"
        return answer


class ExportDetail(NativeView):
    """One export."""

    scopes: ClassVar = {"GET": Scope.READ, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getExport",
        summary="Get an export",
        tags=EXPORTS,
        responses={200: ExportStatusDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, export_id: str) -> Response:
        """Return one export and how far it is."""
        return Response(render_export(find_row(visible_exports(request), export_id, "export"), database_now()))

    @extend_schema(
        operation_id="deleteExport",
        summary="Delete an export",
        tags=EXPORTS,
        responses={204: None} | ERRORS_OF_DETAIL,
    )
    def delete(self, request: Request, export_id: str) -> Response:
        """Delete an export and its file. One that is being written stops."""
        delete_export(find_row(visible_exports(request), export_id, "export"))
        return Response(status=HTTPStatus.NO_CONTENT)


class ExportFile(NativeView):
    """The file of one export."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="downloadExport",
        summary="Download an export",
        tags=EXPORTS,
        responses={
            (200, "text/csv"): OpenApiResponse(str, "The file."),
            (200, "application/x-ndjson"): OpenApiResponse(str, "The file."),
            (200, CONTENT_TYPES[ExportFormat.XLSX]): OpenApiResponse(OpenApiTypes.BINARY, "The file."),
        }
        | ERRORS_OF_DETAIL
        | CONFLICT
        | _GONE,
    )
    def get(self, request: Request, export_id: str) -> StreamingHttpResponse:
        """Return the file of an export that is ready.

        CSV and NDJSON are sent as gzip to clients that accept it. 409 while it is being written, 410 once it is gone.
        """
        export = find_row(visible_exports(request), export_id, "export")
        state = export.state_at(database_now())
        if state is not ExportState.READY:
            raise Problem(*_STATES[state])
        record_call(request, "downloaded", export)
        headers = {"Content-Disposition": f'attachment; filename="{export.file_name}"', "Vary": "Accept-Encoding"}
        is_gzip = is_compressed(export) and _GZIP.search(request.headers.get("accept-encoding", "")) is not None
        headers |= {"Content-Encoding": "gzip"} if is_gzip else {"Content-Length": str(export.byte_count)}
        pieces = read_gzip_file(export) if is_gzip else read_file(export)
        return StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[export.format], headers=headers)


def visible_exports(request: Request) -> QuerySet[Export]:
    """Return the caller's exports. The audit log is for keys that manage."""
    rows = own_rows(request, Export)
    return rows if Scope.MANAGE in caller_key(request).scopes else rows.exclude(kind=ExportKind.AUDIT)


def _require_scope(request: Request, kind: str) -> None:
    if kind == ExportKind.AUDIT and Scope.MANAGE not in caller_key(request).scopes:
        detail = "Exporting the audit log needs a key with the scope “manage”."
        raise Problem(HTTPStatus.FORBIDDEN, "permission_denied", detail)


def _faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    """Find what only the engine knows. Fields that the model refuses are left out."""
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return
    filters = given.get("filters")
    known = filters if isinstance(filters, dict) else {}
    columns = given.get("columns")
    names = columns if isinstance(columns, list) and all(isinstance(name, str) for name in columns) else None
    readable = {name: value for name, value in known.items() if _reads(name, value)}
    asked = ExportFiltersBody.model_validate(readable, strict=False)
    request = ExportRequest(kind, str(ExportFormat.CSV), to_filters(asked), names)
    for fault in find_export_faults(organization, request):
        # What the model refuses anyway has been said.
        if fault.code != "filter_missing" or readable.keys() == known.keys():
            yield Fault(f"/{fault.place}", fault.code, fault.text)


def _reads(name: str, value: Any) -> bool:
    try:
        ExportFiltersBody.model_validate({name: value}, strict=False)
    except ValueError:
        return False
    return value is not None


def _too_many() -> Problem:
    detail = f"{MAX_UNFINISHED} exports of this organisation are not finished yet. Wait until one is, or delete one."
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_exports", detail, headers={"Retry-After": "10"})
