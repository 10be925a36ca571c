"""What can go wrong between you and the server. Everything is a DistributorError."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx


class DistributorError(Exception):
    """Any error of this package."""


class UnreachableError(DistributorError):
    """No answer came, also after the last try. `may_have_happened`: the server may have done what was asked."""

    def __init__(self, detail: str, *, may_have_happened: bool) -> None:
        super().__init__(detail)
        self.may_have_happened = may_have_happened


class UnexpectedAnswerError(DistributorError):
    """A call succeeded, but its answer is not the documented one: a proxy may have written it."""


class NotFoundByNameError(DistributorError):
    """No survey has this name, or a channel has no default account or template."""


class WaitTimeoutError(DistributorError, TimeoutError):
    """An import or export was not finished in time. It goes on: ask for it by its id."""


class ImportFailedError(DistributorError):
    """An import failed or was cancelled. `document` is the import, with its faults."""

    def __init__(self, detail: str, document: Any) -> None:
        super().__init__(detail)
        self.document = document


class ExportFailedError(DistributorError):
    """An export failed, was withdrawn or has expired. `document` is the export."""

    def __init__(self, detail: str, document: Any) -> None:
        super().__init__(detail)
        self.document = document


@dataclass(frozen=True)
class Fault:
    """One fault of a request: where it is (a JSON pointer, such as /contacts/0/email), its code, and a sentence."""

    pointer: str
    code: str
    detail: str


class ApiError(DistributorError):
    """The server refused. `code` is stable; `faults` are all faults of the request; `request_id` is in its logs."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        lines = [f"{status} {code}: {detail}"]
        lines += [f"  {fault.pointer or 'body'}: {fault.detail} ({fault.code})" for fault in faults]
        if request_id:
            lines.append(f"  request {request_id}")
        super().__init__("\n".join(lines))
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds


class InvalidRequestError(ApiError):
    """400, 413, 415 and 422: the request itself is at fault."""


class AuthenticationError(ApiError):
    """401: no valid API key."""


class ForbiddenError(ApiError):
    """403: the key lacks a scope."""


class NotFoundError(ApiError):
    """404: there is no such thing in the key's organisation."""


class ConflictError(ApiError):
    """409: the state of things does not allow it."""


class TooManyRequestsError(ApiError):
    """429: over a limit. `retry_after_seconds` says when there is room again."""


class ServerError(ApiError):
    """5xx: the server is in trouble."""


_CLASSES: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: TooManyRequestsError,
}


def error_of(response: httpx.Response) -> ApiError:
    """Return the error of an answer, also of one that a proxy wrote."""
    kind = _CLASSES.get(response.status_code, ServerError if response.status_code >= 500 else InvalidRequestError)
    problem = _problem(response)
    listed = problem.get("errors")
    return kind(
        response.status_code,
        str(problem.get("code") or "no_problem_document"),
        str(problem.get("detail") or response.reason_phrase),
        faults=[_fault(each) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else [],
        request_id=response.headers.get("X-Request-Id"),
        retry_after_seconds=retry_after_seconds(response),
    )


def retry_after_seconds(response: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After`. Our servers never answer a date there."""
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isdigit() else None


def _problem(response: httpx.Response) -> dict[str, object]:
    try:
        parsed = response.json()
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _fault(given: dict[str, object]) -> Fault:
    return Fault(str(given.get("pointer", "")), str(given.get("code", "")), str(given.get("detail", "")))
