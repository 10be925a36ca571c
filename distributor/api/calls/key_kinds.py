"""What test and team keys may change, and how each answer tells what kind of key it was asked with.

They change only distributions of their own kind, since every change may send something.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from contacts.models import ApiKey
from contacts.models.api_key import KeyKind
from distributor.api.answers.problems import Problem
from distributor.api.calls.authentication import caller_key
from distributor.models import Distribution

MODE_HEADER: Final = "X-Distributor-Mode"
_READING: Final = ("GET", "HEAD", "OPTIONS")


class ModeHeaderMiddleware:
    """Adds `X-Distributor-Mode: live`, `team` or `test` to every answer to an API key, in every API, also to errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = getattr(request, "auth", None)  # Django REST framework leaves it there
        if isinstance(key, ApiKey):
            response[MODE_HEADER] = key.kind
        return response


def require_same_kind(request: Request, distribution: Distribution) -> None:
    """Raise a 403 Problem if a test or team key changes a distribution that was not made by a key of its kind."""
    kind = caller_key(request).kind
    if kind == KeyKind.LIVE or request.method in _READING or distribution.key_kind == kind:
        return
    detail = f"A {kind} key may only change distributions of {kind} keys. This one is {distribution.key_kind}."
    raise Problem(HTTPStatus.FORBIDDEN, "other_kind_of_key", detail)
