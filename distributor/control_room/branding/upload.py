"""The one file that the control room takes: a logo, at most 200 KB, kept in memory."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from contacts.models.branding import MAX_LOGO_BYTES

# A request whose file is longer than this is cut off.
_MOST_READ: Final = 20 * MAX_LOGO_BYTES


class LogoUpload(MemoryFileUploadHandler):
    """Reads a file into memory. What is too large is not kept, and told to the form, which keeps its other fields."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True  # whatever length the request claims: what is read is counted below

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.received = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > _MOST_READ:
            raise StopUpload(connection_reset=True)
        if self.received <= MAX_LOGO_BYTES:
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":
        if file_size > MAX_LOGO_BYTES:
            self.request.logo_is_too_large = True  # type: ignore[union-attr]  # of this request
            return None
        return super().file_complete(file_size)


View = Callable[..., HttpResponseBase]


def takes_a_logo(view: View) -> View:
    """Let a view of the admin read a file. The token against forgery is checked by the admin, after this."""

    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.upload_handlers = [LogoUpload(request)]
        return view(request, *args, **kwargs)

    # The middleware would read the form before the handler is there. admin_view() checks the token all the same,
    # because the view that it wraps is not exempt.
    return csrf_exempt(respond)
