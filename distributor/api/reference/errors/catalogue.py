"""All error codes, and an example of each."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from distributor.api.answers.problems import Fault, Problem, problem_document
from distributor.api.reference.errors import of_bodies, of_calls, of_events, of_files, of_references, of_values
from distributor.api.reference.errors.entry import Entry

# A code may be that of an answer and of a fault; its page then shows the answer. Of two faults, that of a body.
CATALOGUE: Final[Mapping[str, Entry]] = dict(
    sorted(
        {
            **of_files.CODES,
            **of_events.CODES,
            **of_values.CODES,
            **of_references.CODES,
            **of_bodies.CODES,
            **of_calls.CODES,
        }.items()
    )
)
_EXAMPLE_ID: Final = "4f6c1d1e-0b0a-4c57-9f3d-2f6f5a1f7c11"


def example_of(code: str) -> dict[str, Any]:
    """Return an answer with this code: as its own, or as that of a fault of an invalid request."""
    entry = CATALOGUE[code]
    if entry.status is None:
        faults = [Fault("/contacts/0", code, entry.meaning)]
        problem = Problem(HTTPStatus.BAD_REQUEST, "invalid_request", "The request has a fault.", faults)
    else:
        problem = Problem(HTTPStatus(entry.status), code, entry.meaning)
    return {**problem_document(problem), "requestId": _EXAMPLE_ID}
