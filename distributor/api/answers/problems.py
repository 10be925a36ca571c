"""Errors of the native API: RFC 9457 problem details with a stable `code` and all faults at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from math import ceil
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.http import Http404
from psycopg.errors import ForeignKeyViolation, LockNotAvailable, QueryCanceled
from pydantic import Field
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from contacts.contact_fields import MAX_DATA_KEYS
from contacts.identity import TooManyDataKeysError
from distributor.api.request_body import body_error
from distributor.api.wire import Document
from distributor.engine.acceptance.references import SenderNotAllowedError
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.quotas import QuotaUsedUpError
from distributor.engine.infrastructure.statement_limit import TookTooLongError
from distributor.models.daily_use import LOOKUP

logger = structlog.get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
# The code of each daily quota, and what it counts.
_QUOTAS: Final = {
    "email": ("emails_per_day", "e-mails"),
    "sms": ("texts_per_day", "SMS or segments of SMS"),
    "whatsapp": ("whatsapps_per_day", "WhatsApp messages"),
    LOOKUP: ("lookups_per_day", "look-ups"),
}
MAX_FAULTS = 100
MAX_POINTER_LENGTH = 500
MAX_DETAIL_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request.

    `pointer` is a JSON pointer (RFC 6901) into the body, "" for the whole body, `?name` for a query parameter, or the
    name of a header.
    """

    pointer: str
    code: str
    detail: str


# Stands in a list for each fault beyond those that are worth describing.
UNDESCRIBED: Final = Fault("", "undescribed", "")


class Problem(exceptions.APIException):
    """An error that is answered with a problem document."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.text = detail
        self.faults = _bounded(faults)
        self.headers = headers or {}


def _bounded(faults: Sequence[Fault]) -> Sequence[Fault]:
    """Shorten the report of a body with very many faults or very long keys: an answer never exceeds 1 MB."""
    described = (fault for fault in faults if fault is not UNDESCRIBED)
    shown = [
        Fault(fault.pointer[:MAX_POINTER_LENGTH], fault.code, fault.detail[:MAX_DETAIL_LENGTH])
        for fault in islice(described, MAX_FAULTS)
    ]
    if more := len(faults) - len(shown):
        shown.append(Fault("", "more_faults", f"There are {more:,} more faults."))
    return shown


def render_exception(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: answer with a problem document. An unexpected error is logged, and is a 500."""
    problem = error if isinstance(error, Problem) else known_problem(error)
    if problem is None:
        logger.error("unexpected_error", exc_info=error)
        problem = unexpected_problem()
    default = exception_handler(error if isinstance(error, exceptions.APIException) else problem, dict(context))
    headers = {**(dict(default.headers) if default is not None else {}), **problem.headers}
    headers.pop("Content-Type", None)
    response = Response(problem_document(problem), status=problem.status_code, headers=headers)
    response.content_type = PROBLEM_TYPE
    return response


class FaultDocument(Document):
    """One fault of the request."""

    pointer: str = Field(
        description="Where the fault is: a JSON pointer (RFC 6901) into the body, an empty text for the whole body, "
        "`?name` for a query parameter, or the name of a header.",
        examples=["/contacts/3/email"],
    )
    code: str = Field(description="The kind of fault. Codes are stable.", examples=["invalid_email"])
    detail: str = Field(
        description="The fault in a sentence for people. It may change; do not parse it.",
        examples=["Not a valid e-mail address. The part before the @ must be ASCII."],
    )


class ProblemDocument(Document):
    """An error (RFC 9457). Every error of the native API looks like this."""

    type: str = Field(
        description="The address of a page about the code: what it means, and what to do.",
        examples=["https://surveys.example.com/errors/invalid_request"],
    )
    title: str = Field(description="The HTTP status as text.", examples=["Bad Request"])
    status: int = Field(description="The HTTP status code.", examples=[400])
    code: str = Field(description="The kind of error. Codes are stable.", examples=["invalid_request"])
    detail: str = Field(description="The error in a sentence for people.", examples=["The request has a fault."])
    request_id: str | None = Field(
        description="The id of the request, as in the `X-Request-Id` header and in our logs.",
        examples=["4f6c1d1e-0b0a-4c57-9f3d-2f6f5a1f7c11"],
    )
    errors: list[FaultDocument] = Field(description="Every fault of the request; empty if no place is at fault.")


def problem_document(problem: Problem) -> dict[str, Any]:
    """Render a problem as a ProblemDocument."""
    status = HTTPStatus(problem.status_code)
    return ProblemDocument(
        type=f"{settings.PUBLIC_BASE_URL}/errors/{problem.code}",
        title=status.phrase,
        status=status.value,
        code=problem.code,
        detail=problem.text,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
        errors=[FaultDocument.model_validate(fault) for fault in problem.faults],
    ).rendered()


def invalid_request(faults: Sequence[Fault]) -> Problem:
    """Return the 400 that lists every fault."""
    count = len(faults)
    detail = "The request has a fault." if count == 1 else f"The request has {count} faults."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid_request", detail, faults)


def not_found(what: str, hint: str = "") -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", f"There is no such {what}.{hint}")


def known_problem(error: Exception) -> Problem | None:
    """Return the problem for an error of Django, the database or DRF; None for an unexpected error."""
    if isinstance(error, Http404):
        return not_found("resource")
    if isinstance(error, PermissionDenied):
        return Problem(HTTPStatus.FORBIDDEN, "permission_denied", "This API key is not allowed to do this.")
    if unreadable := body_error(error):
        fault = Fault(unreadable.place, unreadable.code, unreadable.detail)
        return Problem(unreadable.status, fault.code, fault.detail, [fault], unreadable.headers)
    if isinstance(error, QuotaUsedUpError):
        return quota_used_up(error, database_now())
    if isinstance(error, SenderNotAllowedError):
        return invalid_request([Fault("", "sender_not_allowed", fault) for fault in error.faults])
    if isinstance(error, TookTooLongError):
        return audience_took_too_long(error)
    if isinstance(error, TooManyDataKeysError):
        return invalid_request(too_many_keys(error, {}))
    if isinstance(error, SuspiciousOperation):
        # Django refuses it, for example for more than 1,000 query parameters.
        return Problem(HTTPStatus.BAD_REQUEST, "invalid_request", "The request cannot be read.")
    if isinstance(error, IntegrityError) and isinstance(error.__cause__, ForeignKeyViolation):
        detail = "Something that the request refers to has just been deleted. Nothing was written."
        return Problem(HTTPStatus.CONFLICT, "deleted_meanwhile", detail)
    if isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled | LockNotAvailable):
        # config/statement_limits.py
        detail = "This took too long and was stopped. Nothing was written. Ask for less, or try again later."
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "took_too_long", detail, headers={"Retry-After": "10"})
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "invalid_request"
        return Problem(HTTPStatus(error.status_code), code, str(error.detail))
    return None


def quota_used_up(error: QuotaUsedUpError, now: datetime) -> Problem:
    """Return the 429 for a quota of the organisation that is used up until its next midnight."""
    code, what = _QUOTAS[error.kind]
    detail = f"This organisation has sent its {error.quota:,} {what} of today."
    if error.kind == LOOKUP:
        detail = f"This organisation may look up {error.quota:,} phone numbers a day, and these are too many."
    seconds = max(1, ceil((error.until - now).total_seconds()))
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, code, detail, headers={"Retry-After": str(seconds)})


def audience_took_too_long(error: TookTooLongError) -> Problem:
    """Return the 503 for a dry run whose audience is too much to read within a call."""
    detail = (
        f"This audience could not be read within {error.seconds:g} s. Nothing was written. Narrow it down, or send "
        "without a dry run: workers read the audience, however large it is."
    )
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "took_too_long", detail)


def unexpected_problem() -> Problem:
    """Return the 500 for an error of ours."""
    detail = "Unexpected error. It has been logged, and nothing is half written."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)


def too_many_keys(error: TooManyDataKeysError, pointers: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each contact with too much data. `pointers` are the places of the data, by contact."""
    return [
        Fault(
            pointers.get(key, ""),
            "too_many_keys",
            f"The data of contact {key} would have more than {MAX_DATA_KEYS} keys after merging. Nothing was written.",
        )
        for key in error.keys
    ]
