"""Request bodies of any framing: `Transfer-Encoding: chunked`, `Content-Encoding: gzip`, and JSON after a BOM.

Django reads as many bytes as Content-Length says, as they are. The middleware replaces the stream of a request whose
body is too long (api/body_limits.py), has no Content-Length or is encoded. The new stream decodes when a view reads it,
so the errors below are raised in the view, and each API answers them in its own shape.
"""

import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any, BinaryIO, Final, NoReturn, Protocol, cast

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.defaults import bad_request
from rest_framework.request import Request

from distributor.api.body_limits import MAX_VALUES, body_limit_bytes, describe_bytes, has_too_many_values

ENCODING: Final = "gzip"
_PIECE_BYTES: Final = 64 * 1024
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS  # with gzip's header and checksum
_BOM: Final = b"\xef\xbb\xbf"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class RequestBodyError(BadRequest):
    """A body that cannot be read. `place` is "" for the whole body, or the name of a header."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, place: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.place = status, code, detail, place
        self.headers = headers or {}


class RequestBodyMiddleware:
    """Lets views read chunked and compressed bodies as any other."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        encoding = _content_encoding(request)
        limit = body_limit_bytes(request.path_info)
        if _stated_length(request) > limit:
            request._stream = cast(BinaryIO, _RefusedStream(limit))
            request.META["CONTENT_LENGTH"] = "1"  # Django would refuse a greater one in words of its own
        elif encoding or _is_chunked(request):
            request._stream = cast(BinaryIO, _DecodedStream(request, encoding, limit))  # Django reads the body from it
        return self.get_response(request)


def json_body(request: Request) -> bytes:
    """Return the body without a byte order mark, which .NET and PowerShell write (RFC 8259 §8.1 lets us ignore it).

    Raise a RequestBodyError before more values are parsed than any call needs.
    """
    body: bytes = request.body
    if has_too_many_values(body):
        detail = f"The body has more than {MAX_VALUES:,} JSON values."
        raise RequestBodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_values", detail)
    return body.removeprefix(_BOM)


def body_error(error: Exception) -> RequestBodyError | None:
    """Return the error as a RequestBodyError if it means that a body cannot be read, otherwise None."""
    if isinstance(error, RequestBodyError):
        return error
    if isinstance(error, RequestDataTooBig):
        return _too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if isinstance(error, UnreadablePostError):
        return RequestBodyError(HTTPStatus.BAD_REQUEST, "unreadable_body", "The body could not be read to its end.")
    return None


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a body that cannot be read where no view did: a form of the admin, which is read before its view runs."""
    if refusal := body_error(exception):
        return HttpResponse(refusal.detail, "text/plain", refusal.status, headers=refusal.headers)
    return bad_request(request, exception)


class RefuseFiles(FileUploadHandler):
    """Refuses each file of a form in several parts before its content is read: nothing here takes any."""

    def new_file(self, *_: Any, **__: Any) -> NoReturn:
        detail = "Files are not taken here."
        raise RequestBodyError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "files_not_taken", detail)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class _RefusedStream:
    """The body of a request that says that it is longer than it may be. Nothing of it is read."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def read(self, size: int = -1, /) -> NoReturn:
        raise _too_large(self._limit)

    readline = read

    def close(self) -> None:
        """Do nothing: the server closes its stream."""


class _DecodedStream:
    """The decoded body of a request, of at most `limit` bytes before and after decoding."""

    def __init__(self, request: HttpRequest, encoding: str, limit: int) -> None:
        self._request = request
        self._encoding = encoding
        self._limit = limit
        self._decoded: BytesIO | None = None

    def read(self, size: int = -1, /) -> bytes:
        return self._decode().read(size)

    def readline(self, size: int = -1, /) -> bytes:
        return self._decode().readline(size)

    def close(self) -> None:
        """Do nothing: the server closes its stream, and what was decoded is in memory."""

    def _decode(self) -> BytesIO:
        if self._decoded is None:
            if self._encoding not in ("", ENCODING):
                raise _unsupported_encoding()
            given = _read_limited(_Undecoded(self._request.META), self._limit)
            content = gunzip(given, self._limit) if self._encoding and given else given
            # Django's parser of multipart forms reads nothing if there is no length.
            self._request.META["CONTENT_LENGTH"] = str(len(content))
            self._decoded = BytesIO(content)
        return self._decoded


class _Undecoded:
    """The server's stream. It ends after Content-Length bytes, or where the server says that the last chunk ended."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._stream: _Readable = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH")
        self._left: int | None = int(length) if length else None

    def read(self, size: int, /) -> bytes:
        wanted = size if self._left is None else min(size, self._left)
        try:
            piece = self._stream.read(wanted) if wanted else b""
        except Exception as error:  # gunicorn raises errors of its own for bad chunks, which are no OSErrors
            raise OSError("The server could not read the body.") from error
        if self._left is not None:
            self._left -= len(piece)
        return piece


def gunzip(compressed: bytes, limit: int) -> bytes:
    """Decompress gzip, which may consist of several members. Raise before a bomb fills more memory than `limit`."""
    pieces, size = [], 0
    rest = compressed
    while rest:
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            piece = member.decompress(rest, limit - size + 1)
        except zlib.error:
            raise _invalid_gzip() from None
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        if not member.eof:
            raise _invalid_gzip()
        rest = member.unused_data
    return b"".join(pieces)


def _read_limited(stream: _Readable, limit: int) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(_PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
    return b"".join(pieces)


def _too_large(limit: int) -> RequestBodyError:
    detail = f"The body is larger than {describe_bytes(limit)}."
    return RequestBodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail)


def _content_encoding(request: HttpRequest) -> str:
    """Return the encoding; "" for none. RFC 9110 §8.4 treats x-gzip as gzip, and identity as none."""
    codings = [coding.strip().lower() for coding in request.headers.get("content-encoding", "").split(",")]
    return ", ".join(coding.removeprefix("x-") for coding in codings if coding not in ("", "identity"))


def _stated_length(request: HttpRequest) -> int:
    given: str = request.META.get("CONTENT_LENGTH") or ""
    return int(given) if given.isascii() and given.isdecimal() else 0


def _is_chunked(request: HttpRequest) -> bool:
    """Return whether the body has no length and the server marks its end. Reading would block without that mark."""
    has_coding = "chunked" in request.headers.get("transfer-encoding", "").lower()
    return has_coding and not request.META.get("CONTENT_LENGTH") and bool(request.META.get("wsgi.input_terminated"))


def _unsupported_encoding() -> RequestBodyError:
    detail = f"Unsupported Content-Encoding. Use {ENCODING}, or send the body without an encoding."
    headers = {"Accept-Encoding": ENCODING}
    return RequestBodyError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail, "Content-Encoding", headers
    )


def _invalid_gzip() -> RequestBodyError:
    return RequestBodyError(HTTPStatus.BAD_REQUEST, "invalid_gzip", "The body is not complete, valid gzip.")
