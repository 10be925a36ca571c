"""How many requests a minute an API key and its organisation may make: 429 beyond it, and how many are left.

Counted only where there is a limit. The headers are those of draft-ietf-httpapi-ratelimit-headers, in the form it has
since its 8th version.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from contacts.models import ApiKey
from distributor.api.calls.request_counts import RequestCounts

if TYPE_CHECKING:
    from rest_framework.views import APIView  # imports this module through DRF's settings

WINDOW_SECONDS: Final = 60
_ATTRIBUTE: Final = "rate_limit_headers"
_counts: Final = RequestCounts()


class _Limit(NamedTuple):
    name: str  # as in the headers
    counter: str
    quota: int


class RequestRate(BaseThrottle):
    """Counts a request of a key. Raise a 429 Problem when its minute, or its organisation's, is used up."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        limits = _limits_of(request.auth) if isinstance(request.auth, ApiKey) else []
        if not limits:
            return True
        minute, passed_seconds = divmod(int(time.time()), WINDOW_SECONDS)
        left_seconds = WINDOW_SECONDS - passed_seconds
        numbers = _counts.count({limit.counter: limit.quota for limit in limits}, minute)
        if numbers is None:
            return True
        headers = _headers(limits, numbers, left_seconds)
        setattr(request._request, _ATTRIBUTE, headers)
        from distributor.api.answers.problems import Problem  # as above

        exceeded = [limit for limit in limits if numbers[limit.counter] > limit.quota]
        if exceeded:
            whose = "this API key" if exceeded[0].name == "key" else "this organisation"
            detail = f"Too many requests: {whose} may make {exceeded[0].quota:,} a minute. Try again later."
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", detail, headers={"Retry-After": str(left_seconds)}
            )
        return True


class RateLimitHeadersMiddleware:
    """Adds `RateLimit-Policy` and `RateLimit` to the answers to counted requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in getattr(request, _ATTRIBUTE, {}).items():
            response[name] = value
        return response


def _limits_of(key: ApiKey) -> list[_Limit]:
    quota_of_key = key.requests_per_minute or settings.REQUESTS_PER_MINUTE
    limits = [_Limit("key", f"key:{key.pk}", quota_of_key)] if quota_of_key else []
    if quota := key.organization.requests_per_minute:
        limits.append(_Limit("organization", f"organization:{key.organization_id}", quota))
    return limits


def _headers(limits: Sequence[_Limit], numbers: Mapping[str, int], left_seconds: int) -> dict[str, str]:
    left = {limit.name: max(0, limit.quota - numbers[limit.counter]) for limit in limits}
    return {
        "RateLimit-Policy": ", ".join(f'"{limit.name}";q={limit.quota};w={WINDOW_SECONDS}' for limit in limits),
        "RateLimit": ", ".join(f'"{name}";r={number};t={left_seconds}' for name, number in left.items()),
    }
