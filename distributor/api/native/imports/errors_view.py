"""/api/v1/imports/{id}/errors: the rows that were not imported, as pages or as a file."""

from typing import Any, ClassVar

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from contacts.models.api_key import Scope
from distributor.api.answers.pagination import page_response, parse_row_number, read_page
from distributor.api.answers.problems import Fault
from distributor.api.native.imports.wire import FaultyRowDocument, FaultyRowPage, RowFaultDocument
from distributor.api.native.operations import ERRORS_OF_DETAIL, IMPORTS, INVALID, PAGE
from distributor.api.native.rows import find_row, own_rows
from distributor.api.native.view import NativeView
from distributor.engine.imports.error_file import error_file, row_faults
from distributor.engine.imports.faults import RowFault
from distributor.models import FileImport, ImportFault


class ImportErrors(NativeView):
    """The rows of an import that have faults."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="listImportErrors",
        summary="List the rows with faults",
        tags=IMPORTS,
        parameters=[
            OpenApiParameter(
                "format", enum=["json", "csv"], description="csv: the rows as they are in the file, with a reason."
            ),
            *PAGE,
        ],
        responses={200: FaultyRowPage, (200, "text/csv"): OpenApiResponse(str, "With `format=csv`.")}
        | INVALID
        | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, import_id: str) -> HttpResponseBase:
        """List the rows that were not imported, in the order of the file, with all faults of each.

        With `format=csv` it is a file with the columns of the uploaded one and two more, `row` and `reason`: correct it
        and import it.
        """
        file_format = request.query_params.get("format", "json")
        faults = [] if file_format in ("json", "csv") else [Fault("?format", "unknown_format", "Use json or csv.")]
        after, limit = read_page(request, parse_row_number, faults)
        row = find_row(own_rows(request, FileImport), import_id, "import")
        if file_format == "csv":
            name = f'attachment; filename="import-errors-{row.pk}.csv"'
            return StreamingHttpResponse(
                error_file(row), content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
            )
        stored = ImportFault.objects.filter(file_import=row, row__gt=after or 0).order_by("row")
        return page_response(request, list(stored[: limit + 1]), limit, lambda each: str(each.row), _render)


def render_fault(fault: RowFault) -> RowFaultDocument:
    return RowFaultDocument(column=fault.column, code=fault.code, value=fault.value, detail=str(fault))


def _render(stored: ImportFault) -> dict[str, Any]:
    faults = [render_fault(fault) for fault in row_faults(stored)]
    return FaultyRowDocument(row=stored.row, faults=faults).rendered()
