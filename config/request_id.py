"""One id per request: the caller's or a new one. It is in every log line and in the response."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

_FORM = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIdMiddleware:
    """Sets X-Request-Id before django-structlog's middleware, which adds the same header to the logs.

    An id that is too long or contains anything but letters, digits and `._:/+=-` is replaced, because logs contain it.
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
