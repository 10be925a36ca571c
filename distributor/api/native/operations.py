"""Parts of the OpenAPI document that operations share: tags, page parameters, and the errors of each kind of call."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from distributor.api.answers.pagination import DEFAULT_LIMIT, MAX_LIMIT
from distributor.api.answers.problems import ProblemDocument

DISTRIBUTIONS: Final = ["Distributions"]
RECIPIENTS: Final = ["Recipients"]
LINKS: Final = ["Links"]
RESPONSES: Final = ["Responses"]
CONTACTS: Final = ["Contacts"]
LISTS: Final = ["Lists"]
IMPORTS: Final = ["Imports"]
SURVEYS: Final = ["Surveys"]
TEMPLATES: Final = ["Templates"]
PROVIDERS: Final = ["Providers"]
SUPPRESSIONS: Final = ["Suppressions"]
EVENTS: Final = ["Events"]
EXPORTS: Final = ["Exports"]
SANDBOX: Final = ["Sandbox"]

PAGE: Final = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="The `nextCursor` of an earlier page."),
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description=f"The largest number of items on the page, 1 to {MAX_LIMIT:,}.",
    ),
]

ERRORS: Final[dict[int, Any]] = {401: ProblemDocument, 403: ProblemDocument}
INVALID: Final[dict[int, Any]] = {400: ProblemDocument}
NOT_FOUND: Final[dict[int, Any]] = {404: ProblemDocument}
CONFLICT: Final[dict[int, Any]] = {409: ProblemDocument}
ERRORS_OF_DETAIL: Final[dict[int, Any]] = ERRORS | NOT_FOUND
ERRORS_OF_BODY: Final[dict[int, Any]] = ERRORS | INVALID | dict.fromkeys((413, 415), ProblemDocument)
ERRORS_OF_SENDING: Final[dict[int, Any]] = ERRORS_OF_BODY | CONFLICT | {422: ProblemDocument}
