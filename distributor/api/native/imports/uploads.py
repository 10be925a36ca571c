"""Uploaded files: the body itself, or the part `file` of a form. They are kept on disk, never in memory."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, BinaryIO, Final, cast

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from rest_framework.request import Request

from distributor.api.answers.problems import Fault, Problem, invalid_request
from distributor.engine.imports.start import StoredUpload
from tables.reading.limits import MAX_FILE_BYTES

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_TYPES: Final = ("text/csv", "text/plain", "text/tab-separated-values", XLSX_TYPE, "application/octet-stream")
FORM_TYPE: Final = "multipart/form-data"
_PIECE_BYTES: Final = 256 * 1024
_LONGEST_OPTIONS: Final = 1_000_000


@contextmanager
def received_upload(request: Request, option_names: tuple[str, ...]) -> Iterator[tuple[StoredUpload, bytes]]:
    """Yield the file and its options as JSON: the form's part `options`, or the query parameters of a body alone.

    Raises 400 and 415 Problems. What the file and its options are is part of an Idempotency-Key's call.
    """
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    if media_type == FORM_TYPE:
        file, options = _from_form(request, option_names)
    elif media_type in FILE_TYPES:
        file, options = _from_body(request), _options_of_query(request, option_names)
    else:
        detail = f"Send the file as {FORM_TYPE}, text/csv or {XLSX_TYPE}."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    with file:
        digest, size = _hash(file)
        if size > MAX_FILE_BYTES:
            detail = f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB."
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "file_too_large", detail)
        request.upload_digest = digest.digest() + options  # type: ignore[attr-defined]  # api/calls/idempotency.py
        name = str(getattr(file, "name", "") or "") if isinstance(file, UploadedFile) else ""
        name = name or request.query_params.get("fileName", "")
        yield StoredUpload(cast(BinaryIO, file), size, digest.hexdigest(), name), options


def _from_form(request: Request, option_names: tuple[str, ...]) -> tuple[Any, bytes]:
    given = request._request
    given.upload_handlers = [TemporaryFileUploadHandler(given)]
    try:
        files, fields = given.FILES, given.POST
    except (MultiPartParserError, UnreadablePostError):
        raise invalid_request([Fault("", "invalid_form", "The form cannot be read.")]) from None
    faults = [
        Fault(f"/{name}", "unknown_part", "There is no such part. Use file and options.")
        for name in [*files, *fields]
        if name not in ("file", "options")
    ]
    faults += [
        Fault(f"?{name}", "option_outside_form", "A form has its options in the part options.")
        for name in option_names
        if name in request.query_params
    ]
    file = files.get("file")
    if file is None:
        faults.append(Fault("/file", "missing", "The part file is missing. It holds the CSV or XLSX file."))
    options = str(fields.get("options", "")) or "{}"
    if len(options) > _LONGEST_OPTIONS:
        faults.append(Fault("/options", "too_long", "Too long: at most 1 MB."))
    if faults:
        raise invalid_request(faults)
    return file, options.encode()


def _from_body(request: Request) -> BinaryIO:
    spooled = tempfile.TemporaryFile(prefix="distributor-upload-")  # noqa: SIM115  # the caller closes it
    while piece := request._request.read(_PIECE_BYTES):
        spooled.write(piece)
    return cast(BinaryIO, spooled)


def _options_of_query(request: Request, names: tuple[str, ...]) -> bytes:
    given: dict[str, Any] = {name: request.query_params[name] for name in names if name in request.query_params}
    for name, value in given.items():
        given[name] = {"true": True, "false": False}.get(value, value)
    return orjson.dumps(given)


def _hash(file: Any) -> tuple[Any, int]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    return digest, size
