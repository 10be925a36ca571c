"""Pages: `pageSize` with `skipToken` (start after an element) or `offset` (skip a number of elements)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.encoding import escape_uri_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.answers.pagination import asked_base_url, parse_number
from distributor.api.answers.problems import Fault, invalid_request
from distributor.api.dialects.distributions_v3.envelope import answer_elements
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.engine.queries.page import Found, Window

DEFAULT_SIZE = 100
DEFAULT_SIZE_OF_LIST_CONTACTS = 50  # as published; clients count on it
MAX_SIZE = 500
MAX_OFFSET = 1_000_000
FIRST_PAGE = "0"  # published clients send it to get the first page
PAGE = [
    OpenApiParameter(
        "pageSize",
        OpenApiTypes.INT,
        description=f"Elements per page, at most {MAX_SIZE}. Default: {DEFAULT_SIZE}.",
    ),
    OpenApiParameter(
        "skipToken",
        OpenApiTypes.STR,
        description="Start of the page: the token in an earlier page's `nextPage`.",
    ),
]
# For lists whose published default is another.
PAGE_OF_LIST_CONTACTS = [
    OpenApiParameter(
        "pageSize",
        OpenApiTypes.INT,
        description=f"Elements per page: 1 to {MAX_SIZE}; more is read as {MAX_SIZE}. "
        f"Default: {DEFAULT_SIZE_OF_LIST_CONTACTS}.",
    ),
    PAGE[1],
]
OFFSET = OpenApiParameter(
    "offset",
    OpenApiTypes.INT,
    description="Number of elements to skip. `skipToken` is faster.",
)

RowT = TypeVar("RowT")
ModelT = TypeVar("ModelT", bound=Model)
TokenT = TypeVar("TokenT")


@dataclass(frozen=True, slots=True)
class Page(Generic[TokenT]):
    """The part of a list that a call asks for: `size` elements after a token's element or after `offset` others."""

    after: TokenT | None
    offset: int
    size: int

    @property
    def window(self) -> Window:
        """The same page for lists of the engine, newest first. They have no `offset`."""
        return Window(self.size, is_ascending=False, after=None if self.after is None else (self.after,))


def read_page(
    request: Request,
    parse: Callable[[str], TokenT],
    faults: Sequence[Fault] = (),
    *,
    default_size: int = DEFAULT_SIZE,
    has_offset: bool = True,
) -> Page[TokenT]:
    """Return the page that a call asks for. `parse` reads a token of the list, or raises ValueError.

    Without `has_offset`, `offset` is ignored: the list goes on by tokens alone.

    A larger `pageSize` than MAX_SIZE means MAX_SIZE: clients ask for 1,000.

    Raises a 400 Problem with every fault, `faults` of the call's other parameters included.
    """
    all_faults = list(faults)
    size = _read_number(request, "pageSize", default_size, (1, MAX_SIZE), all_faults, is_cut=True)
    offset = _read_number(request, "offset", 0, (0, MAX_OFFSET), all_faults) if has_offset else 0
    after = None
    token = request.query_params.get("skipToken", "")
    if token not in ("", FIRST_PAGE):
        try:
            after = parse(token)
        except ValueError:
            all_faults.append(Fault("?skipToken", "invalid_token", "Not a token of this list. Use nextPage."))
    if all_faults:
        raise invalid_request(all_faults)
    return Page(after, offset, size)


def key_parser(kind: Kind) -> Callable[[str], UUID]:
    """Return a parser of tokens that are element ids. The page starts below the parsed key."""

    def parse(token: str) -> UUID:
        keys = read_id(kind, token)
        if keys is None:
            raise ValueError(token)
        return keys.first

    return parse


def page_of_rows(
    request: Request,
    rows: QuerySet[ModelT],
    page: Page[UUID],
    id_of: Callable[[ModelT], str],
    render: Callable[[Sequence[ModelT]], list[dict[str, Any]]],
) -> Response:
    """Answer a page of rows with UUID keys, newest first. `id_of` returns an element's id, which is its token."""
    if page.after is not None:
        rows = rows.filter(pk__lt=page.after)
    found = list(rows.order_by("-pk")[page.offset : page.offset + page.size + 1])
    shown = found[: page.size]
    token = id_of(shown[-1]) if len(found) > page.size else None
    return answer_elements(render(shown), next_page(request, page, token))


def answer_found(
    request: Request,
    page: Page[UUID],
    found: Found[ModelT],
    kind: Kind,
    render: Callable[[ModelT], dict[str, Any]],
) -> Response:
    """Answer a page of the engine's rows with UUID keys, whose ids are of this kind."""
    token = None if found.next_key is None else public_id(kind, found.next_key[0])
    return answer_elements([render(row) for row in found.rows], next_page(request, page, token))


def next_page(request: Request, page: Page[Any], token: str | None) -> str | None:
    """Return the absolute URL of the next page; None after the last. It uses `offset` if this page did."""
    if token is None:
        return None
    query = dict(request.query_params.lists())
    if page.offset:
        query["offset"] = [str(page.offset + page.size)]
    else:
        query["skipToken"] = [token]
    return f"{url_of(request, request.path)}?{urlencode(query, doseq=True)}"


def url_of(request: Request, path: str) -> str:
    """Return the absolute URL of a path of this dialect, at the host that was asked."""
    return f"{asked_base_url(request)}{escape_uri_path(normalize_path(path))}"


def normalize_path(path: str) -> str:
    """Remove the doubled and trailing slashes that published clients write."""
    return re.sub("/+", "/", path).rstrip("/")


def _read_number(
    request: Request, name: str, default: int, limits: tuple[int, int], faults: list[Fault], *, is_cut: bool = False
) -> int:
    """Return a number within the limits. With `is_cut` a higher one is read as the highest."""
    lowest, highest = limits
    text = request.query_params.get(name) or str(default)
    number = parse_number(text, lowest, MAX_OFFSET if is_cut else highest)
    if number is None:
        faults.append(Fault(f"?{name}", "out_of_range", f"Must be a number from {lowest} to {highest}."))
        return default
    return min(number, highest)
