"""Pages that take a file. Everywhere else files are refused before they are read (api/request_body.py)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponseBase]


def takes_files(handler: Callable[[HttpRequest], FileUploadHandler]) -> Callable[[View], View]:
    """Decorate a page: its files go to this handler. The form's token is checked after the handler is set."""

    def decorate(view: View) -> View:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.upload_handlers = [handler(request)]
            return protected(request, *args, **kwargs)

        return respond

    return decorate
