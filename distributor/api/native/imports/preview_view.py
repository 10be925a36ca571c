"""POST /api/v1/imports/preview: how a file would be read."""

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from pydantic.alias_generators import to_camel
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.imports.errors_view import render_fault
from distributor.api.native.imports.uploads import FORM_TYPE, XLSX_TYPE, received_upload
from distributor.api.native.imports.wire import (
    ColumnDocument,
    FileFaultDocument,
    MappingOptions,
    PreviewDocument,
    PreviewFormBody,
    PreviewRowDocument,
    from_field,
    option_parameter,
)
from distributor.api.native.operations import ERRORS_OF_BODY, IMPORTS
from distributor.api.native.view import NativeView
from distributor.engine.imports.faults import FileFault
from distributor.engine.imports.preview import Preview, preview_file
from tables.reading.errors import UnreadableFileError


class ImportPreviews(NativeView):
    """Previews of files."""

    scopes: ClassVar = {"POST": Scope.READ}

    @extend_schema(
        operation_id="previewImport",
        summary="Preview a file of contacts",
        tags=IMPORTS,
        parameters=[option_parameter(MappingOptions, "unknownColumns", enum=["data", "ignore"])],
        request={"text/csv": str, FORM_TYPE: PreviewFormBody, XLSX_TYPE: bytes},
        responses={200: PreviewDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Return what the columns of a file mean and what its first ten rows become. Nothing is stored."""
        with received_upload(request, ("unknownColumns",)) as (upload, given):
            options = parse_body(MappingOptions, given)
            with tempfile.NamedTemporaryFile(prefix="distributor-preview-", suffix=".xlsx") as copy:
                upload.file.seek(0)
                shutil.copyfileobj(upload.file, copy)
                copy.flush()
                region = caller_key(request).organization.phone_region
                try:
                    found = preview_file(Path(copy.name), options.mapping, options.unknown_columns, region)
                except UnreadableFileError as error:
                    fault = FileFault(error.code, error.values)
                    raise invalid_request([Fault("/file", fault.code, str(fault))]) from None
        return Response(_render(found))


def _render(found: Preview) -> dict[str, Any]:
    columns = zip(found.table.header, found.targets, strict=True)
    return PreviewDocument(
        format=found.table.format,
        encoding=found.table.encoding,
        separator=found.table.separator,
        sheet=found.table.sheet,
        columns=[ColumnDocument(name=name, field=from_field(target)) for name, target in columns],
        rows=[
            PreviewRowDocument(
                row=row.number,
                contact={to_camel(name): value for name, value in row.person.items()},
                faults=[render_fault(fault) for fault in row.faults],
            )
            for row in found.rows
        ],
        faults=[FileFaultDocument(code=fault.code, detail=str(fault)) for fault in found.faults],
    ).rendered()
