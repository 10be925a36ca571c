"""Remembers each call after it was answered: how long it took, and who made it (engine/calls)."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from contacts.models import ApiKey
from distributor.engine.calls.record import Call, recorder

# By the beginning of the URL's template. Of several, the first.
_APIS: Final = (
    ("api/surveys/", "quick"),
    ("v1/", "single_send"),
    ("base/", "recipient_add"),
    ("API/", "lists_and_links"),
    ("api/v1/", "native"),
    ("webhooks/", "webhooks"),
    ("admin/", "admin"),
    ("p/", "pages"),
    ("u/", "pages"),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Asked by machines every few seconds: of no interest to anybody.
_PROBES: Final = frozenset({"healthz", "readyz", "metrics"})
_MARK: Final = "accepts_sends"


def mark_acceptance(request: HttpRequest) -> None:
    """Count this call as one that accepts a send, if it succeeds."""
    setattr(request, _MARK, True)


class CallRecordMiddleware:
    """Measures calls. It stands outside the middlewares whose time belongs to a call, and inside the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began_at = time.perf_counter()
        response = self.get_response(request)
        _record(request, response, time.perf_counter() - began_at)
        return response


def _record(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    path = match.route.lstrip("^") if match else ""
    if path in _PROBES:
        return
    key = getattr(request, "auth", None)  # Django REST framework leaves it there
    recorder.add(
        Call(
            time.time(),
            api_of(path),
            str(request.method) if request.method in _METHODS else "OTHER",
            path,
            response.status_code,
            seconds,
            request.META.get("HTTP_X_REQUEST_ID", ""),
            _id_of(key),
            getattr(request, _MARK, False) and response.status_code < 300,
        )
    )


def _id_of(key: object) -> UUID | None:
    return key.pk if isinstance(key, ApiKey) else None


def api_of(path: str) -> str:
    """Return the name of the API that a URL's template belongs to."""
    return next((name for beginning, name in _APIS if path.startswith(beginning)), "other")
