"""What test and team keys may change: only distributions of their own kind, since every change may send something."""

from http import HTTPStatus
from typing import Final

from rest_framework.request import Request

from contacts.models.api_key import KeyKind
from distributor.api.authentication import caller_key
from distributor.api.problems import Problem
from distributor.models import Distribution

_READING: Final = ("GET", "HEAD", "OPTIONS")


def require_same_kind(request: Request, distribution: Distribution) -> None:
    """Raise a 403 Problem if a test or team key changes a distribution that was not made by a key of its kind."""
    kind = caller_key(request).kind
    if kind == KeyKind.LIVE or request.method in _READING or distribution.key_kind == kind:
        return
    detail = f"A {kind} key may only change distributions of {kind} keys. This one is {distribution.key_kind}."
    raise Problem(HTTPStatus.FORBIDDEN, "other_kind_of_key", detail)
