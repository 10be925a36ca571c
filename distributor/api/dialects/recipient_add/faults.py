"""Errors of recipient add, all of the shape `{"Errors": ["…"]}`.

The reference has the statuses 200 and 400; 403, 404, 405, 409, 413, 415 and 422 are ours.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from pydantic import ValidationError
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.response import Response

from contacts.models import MailingList
from distributor.api.answers.problems import Fault, Problem, invalid_request, known_problem
from distributor.api.bodies.reference_faults import reference_fault
from distributor.api.bodies.validation import faults_of
from distributor.engine.acceptance.defaults import NoDefaultChannelError
from distributor.engine.acceptance.references import UnknownReferencesError

logger = structlog.get_logger(__name__)

# As published.
INVALID_SESSION: Final = "Invalid Session. Please ensure you Login first"
NO_LIST: Final = "No such list found"
FAILED: Final = "There was a problem adding the recipients. Please contact DIY Surveys Support"

UNKNOWN_KEY: Final = "The password is not a valid API key."
REFUSALS: Final = (MailingList.DoesNotExist, UnknownReferencesError, NoDefaultChannelError)


def render_error(error: Exception, context: Mapping[str, Any]) -> Response:
    """Handle an exception of a view. An unexpected error is logged and answered with the published text."""
    if isinstance(error, NotAuthenticated | AuthenticationFailed):
        return _refusal(HTTPStatus.BAD_REQUEST, [INVALID_SESSION])
    problem = error if isinstance(error, Problem) else known_problem(error)
    if problem is None:
        logger.error("recipients_not_added", exc_info=error)
        return _refusal(HTTPStatus.BAD_REQUEST, [FAILED])
    errors = [f"{fault.pointer}: {fault.detail}" if fault.pointer else fault.detail for fault in problem.faults]
    return _refusal(problem.status_code, errors or [problem.text], problem.headers)


def explain_body(error: ValidationError) -> Problem:
    return invalid_request(faults_of(error))


def no_such_list() -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "not_found", NO_LIST)


def wrong_password() -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "wrong_password", UNKNOWN_KEY)


def explain_refusal(refusal: Exception) -> Problem:
    """Return the answer to one of REFUSALS: the list was deleted, or its connection cannot send.

    The second case has the published text, followed by what is wrong with the connection.
    """
    if isinstance(refusal, MailingList.DoesNotExist):
        return no_such_list()
    if isinstance(refusal, UnknownReferencesError):
        details = sorted({reference_fault("", fault).detail for fault in refusal.faults})
    else:
        details = ["No channel has both a default provider and a default template."]
    faults = [Fault("", "cannot_invite", detail) for detail in (FAILED, *details)]
    return Problem(HTTPStatus.BAD_REQUEST, "cannot_invite", FAILED, faults)


def _refusal(status: int, errors: list[str], headers: Mapping[str, str] | None = None) -> Response:
    return Response({"Errors": errors}, status=status, headers=headers)
