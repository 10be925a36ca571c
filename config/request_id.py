"""One id per request: taken from the caller or made, in every log line, echoed in the answer."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

_FORM = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIdMiddleware:
    """Stands outside django-structlog's middleware, which binds the same header to the logs.

    An id that is overlong or holds anything but letters, digits and `._:/+=-` is replaced: it ends up in log lines.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if not _FORM.fullmatch(request_id):
            request_id = request.META["HTTP_X_REQUEST_ID"] = str(uuid4())
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
