"""Errors of the native API: RFC 9457 problem details with a stable `code` and every field's fault at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import IntegrityError
from django.http import Http404
from psycopg.errors import ForeignKeyViolation
from pydantic import BaseModel, Field
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request; `pointer` is a JSON pointer (RFC 6901) into its body, "" for all of it.

    Outside the body it is `?name` of the query, or a header's name.
    """

    pointer: str
    code: str
    detail: str


class Problem(exceptions.APIException):
    """An answer that is not the one hoped for."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.text = detail
        self.faults = faults


def render_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: whatever goes wrong below a view becomes a problem document.

    What DRF does not know stays None, which makes it a 500 with its traceback in the log.
    """
    problem = error if isinstance(error, Problem) else known_problem(error)
    if problem is None:
        return None
    default = exception_handler(error if isinstance(error, exceptions.APIException) else problem, dict(context))
    headers = dict(default.headers) if default is not None else {}
    headers.pop("Content-Type", None)
    response = Response(problem_document(problem), status=problem.status_code, headers=headers)
    response.content_type = PROBLEM_TYPE
    return response


class FaultDocument(BaseModel):
    pointer: str
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """What every error of the native API looks like."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = Field(alias="requestId")
    errors: list[FaultDocument]


def problem_document(problem: Problem) -> dict[str, Any]:
    """`{type, title, status, code, detail, requestId, errors[{pointer, code, detail}]}`."""
    status = HTTPStatus(problem.status_code)
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": problem.code,
        "detail": problem.text,
        "requestId": structlog.contextvars.get_contextvars().get("request_id"),
        "errors": [asdict(fault) for fault in problem.faults],
    }


def invalid_request(faults: Sequence[Fault]) -> Problem:
    """400 that names every fault."""
    count = len(faults)
    detail = "The request has a fault." if count == 1 else f"The request has {count} faults."
    return Problem(HTTPStatus.BAD_REQUEST, "invalid_request", detail, faults)


def not_found(what: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "not_found", f"There is no such {what}.")


def known_problem(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return not_found("resource")
    if isinstance(error, PermissionDenied):
        return Problem(HTTPStatus.FORBIDDEN, "permission_denied", "This key may not do that.")
    if isinstance(error, RequestDataTooBig):
        fault = Fault("", "body_too_large", "The body is larger than 10 MB.")
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, fault.code, fault.detail, [fault])
    if isinstance(error, IntegrityError) and isinstance(error.__cause__, ForeignKeyViolation):
        detail = "Something that the call names has been deleted meanwhile; nothing was written."
        return Problem(HTTPStatus.CONFLICT, "deleted_meanwhile", detail)
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "invalid_request"
        return Problem(HTTPStatus(error.status_code), code, str(error.detail))
    return None
