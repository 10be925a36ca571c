"""Upload a file to import, follow it, run it after a dry run, and cancel it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, Problem
from distributor.api.bodies.reference_faults import uuid_or_none
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.calls.idempotency import PARAMETER, idempotent
from distributor.api.native.distributions.faults import send_faults
from distributor.api.native.distributions.translate import to_send
from distributor.api.native.imports.uploads import FORM_TYPE, XLSX_TYPE, received_upload
from distributor.api.native.imports.wire import (
    ImportDocument,
    ImportFormBody,
    ImportOptions,
    ImportPage,
    option_parameter,
    render_import,
)
from distributor.api.native.operations import (
    CONFLICT,
    ERRORS,
    ERRORS_OF_DETAIL,
    ERRORS_OF_SENDING,
    IMPORTS,
    INVALID,
    PAGE,
)
from distributor.api.native.rows import answer_page, find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.imports import start
from distributor.engine.imports.start import (
    ImportNotInStateError,
    StoredUpload,
    cancel_import,
    run_after_dry_run,
    start_import,
)
from distributor.engine.infrastructure.clock import database_now
from distributor.models import FileImport
from distributor.models.file_import import ExistingContacts, FaultyRows, UnknownColumns

_QUERY: Final = ("existing", "onFault", "unknownColumns", "listId", "dryRun", "fileName")
_QUERY_PARAMETERS: Final = [
    option_parameter(ImportOptions, "existing", enum=["update", "skip"]),
    option_parameter(ImportOptions, "onFault", enum=["refuse", "skip"]),
    option_parameter(ImportOptions, "unknownColumns", enum=["data", "ignore"]),
    option_parameter(ImportOptions, "listId"),
    option_parameter(ImportOptions, "dryRun", type=bool),
    option_parameter(ImportOptions, "fileName"),
]


class Imports(NativeView):
    """The organisation's imports."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listImports",
        summary="List imports",
        tags=IMPORTS,
        parameters=PAGE,
        responses={200: ImportPage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's imports with their progress, newest first."""
        return answer_page(request, own_rows(request, FileImport), render_import)

    @extend_schema(
        operation_id="createImport",
        summary="Import a file of contacts",
        tags=IMPORTS,
        parameters=[PARAMETER, *_QUERY_PARAMETERS],
        request={"text/csv": str, FORM_TYPE: ImportFormBody, XLSX_TYPE: bytes},
        responses={202: ImportDocument} | ERRORS_OF_SENDING,
    )
    def post(self, request: Request) -> Response:
        """Upload a CSV or XLSX file of up to 50 MB and 250,000 rows. Workers read and import it.

        Send a form with the parts `file` and `options`, or the file as the body with options as query parameters. The
        first row names the columns; one of them must be an e-mail address, a phone number or an external id. With
        `send`, everybody in the file becomes a recipient of one distribution when all rows are there.
        """
        with received_upload(request, _QUERY) as (upload, options):
            return self._create(request, upload, options)

    @idempotent
    def _create(self, request: Request, upload: StoredUpload, given: bytes) -> Response:
        key = caller_key(request)
        organization = key.organization
        options = parse_body(ImportOptions, given, lambda body: _option_faults(organization, body))
        if options.send is not None and Scope.SEND not in key.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "permission_denied", "This key lacks the scope “send”.")
        on_fault = options.on_fault or ("skip" if options.send is None else "refuse")
        wanted = start.ImportOptions(
            mapping=options.mapping,
            existing=ExistingContacts(options.existing),
            on_fault=FaultyRows(on_fault),
            unknown_columns=UnknownColumns(options.unknown_columns),
            is_dry_run=options.dry_run,
            list_id=options.list_id,
            request=None if options.send is None else to_send(options.send),
        )
        named = StoredUpload(upload.file, upload.size_bytes, upload.sha256, options.file_name or upload.name)
        try:
            row = start_import(organization, key, f"API key {key.name}", named, wanted, database_now())
        except (UnknownReferencesError, MailingList.DoesNotExist):  # deleted since they were looked for
            detail = "Something that the request refers to has just been deleted. Nothing was written."
            raise Problem(HTTPStatus.CONFLICT, "deleted_meanwhile", detail) from None
        return Response(render_import(row), HTTPStatus.ACCEPTED)


class ImportDetail(NativeView):
    """One import."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="getImport",
        summary="Get an import",
        tags=IMPORTS,
        responses={200: ImportDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, import_id: str) -> Response:
        """Return one import with its progress."""
        return Response(render_import(find_row(own_rows(request, FileImport), import_id, "import")))


class RunImport(NativeView):
    """Runs what a dry run has checked."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="runImport",
        summary="Run an import after its dry run",
        tags=IMPORTS,
        request=None,
        responses={202: ImportDocument} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Import the rows that a dry run has checked. The file is not uploaded or read again."""
        row = find_row(own_rows(request, FileImport), import_id, "import")
        if row.request is not None and Scope.SEND not in caller_key(request).scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "permission_denied", "This key lacks the scope “send”.")
        try:
            changed = run_after_dry_run(row.pk, database_now())
        except ImportNotInStateError:
            detail = "Only an import whose dry run is done can be run."
            raise Problem(HTTPStatus.CONFLICT, "no_dry_run_done", detail) from None
        return Response(render_import(changed), HTTPStatus.ACCEPTED)


class CancelImport(NativeView):
    """Cancels an import."""

    scopes: ClassVar = {"POST": Scope.MANAGE}

    @extend_schema(
        operation_id="cancelImport",
        summary="Cancel an import",
        tags=IMPORTS,
        request=None,
        responses={200: ImportDocument} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def post(self, request: Request, import_id: str) -> Response:
        """Stop an import. Contacts that were written stay, and a send does not start.

        Idempotent: cancelling again changes nothing.
        """
        row = find_row(own_rows(request, FileImport), import_id, "import")
        try:
            return Response(render_import(cancel_import(row.pk, database_now())))
        except ImportNotInStateError as refusal:
            detail = f"The import is {refusal.state.value}, so there is nothing to cancel."
            raise Problem(HTTPStatus.CONFLICT, "import_is_over", detail) from None


def _option_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    list_id = uuid_or_none(given.get("listId"))
    is_known = list_id and MailingList.objects.filter(organization=organization, pk=list_id).exists()
    if list_id and not is_known:
        yield Fault("/listId", "list_not_found", "There is no list with this id.")
    send = given.get("send")
    if isinstance(send, dict):
        for fault in send_faults(organization, send):
            yield Fault("/send" + fault.pointer, fault.code, fault.detail)
        if is_known:
            yield Fault("/listId", "list_with_send", "A send makes a list of its own. Leave out listId or send.")
