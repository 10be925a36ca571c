"""Pages: `pageSize` with `skipToken` (from after an element), or with `offset` (so many elements further on)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.encoding import escape_uri_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.dialects.distributions_v3.envelope import answer_elements
from distributor.api.dialects.distributions_v3.ids import Kind, read_id
from distributor.api.problems import Fault, invalid_request

DEFAULT_SIZE = 100
MAX_SIZE = 500
MAX_OFFSET = 1_000_000
BEGINNING = "0"  # published clients ask for the first page by it
PAGE = [
    OpenApiParameter("pageSize", OpenApiTypes.INT, description=f"1–{MAX_SIZE}, by default {DEFAULT_SIZE}."),
    OpenApiParameter("skipToken", OpenApiTypes.STR, description="From an earlier page's nextPage."),
]
OFFSET = OpenApiParameter("offset", OpenApiTypes.INT, description="Elements to leave out; skipToken is faster.")

RowT = TypeVar("RowT")
ModelT = TypeVar("ModelT", bound=Model)
TokenT = TypeVar("TokenT")


@dataclass(frozen=True, slots=True)
class Page(Generic[TokenT]):
    """What part of a list is wanted: so many elements from after a token's, or after so many others."""

    after: TokenT | None
    offset: int
    size: int


def read_page(request: Request, parse: Callable[[str], TokenT], faults: Sequence[Fault] = ()) -> Page[TokenT]:
    """The page that a call asks for; `parse` raises ValueError on what is no token of the list.

    Raises a 400 Problem, with `faults` of the call's other parameters.
    """
    found = list(faults)
    size = _read_number(request, "pageSize", DEFAULT_SIZE, 1, MAX_SIZE, found)
    offset = _read_number(request, "offset", 0, 0, MAX_OFFSET, found)
    after = None
    token = request.query_params.get("skipToken", "")
    if token not in ("", BEGINNING):
        try:
            after = parse(token)
        except ValueError:
            found.append(Fault("?skipToken", "invalid_token", "No earlier page has named this token."))
    if found:
        raise invalid_request(found)
    return Page(after, offset, size)


def keys_before(kind: Kind) -> Callable[[str], UUID]:
    """Reads a token that is an element's id: the page goes on below it."""

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
    """A page of rows with UUID keys, newest first; `id_of` gives an element's id, which is its token."""
    if page.after is not None:
        rows = rows.filter(pk__lt=page.after)
    found = list(rows.order_by("-pk")[page.offset : page.offset + page.size + 1])
    shown = found[: page.size]
    token = id_of(shown[-1]) if len(found) > page.size else None
    return answer_elements(render(shown), next_page(request, page, token))


def next_page(request: Request, page: Page[Any], token: str | None) -> str | None:
    """The next page's address, absolute; None after the last. Who pages by offset goes on by offset."""
    if token is None:
        return None
    query = dict(request.query_params.lists())
    if page.offset:
        query["offset"] = [str(page.offset + page.size)]
    else:
        query["skipToken"] = [token]
    return f"{settings.PUBLIC_BASE_URL}{escape_uri_path(plain_path(request.path))}?{urlencode(query, doseq=True)}"


def plain_path(path: str) -> str:
    """The address without the doubled and trailing slashes that published clients write."""
    return re.sub("/+", "/", path).rstrip("/")


def _read_number(request: Request, name: str, default: int, lowest: int, highest: int, faults: list[Fault]) -> int:
    text = request.query_params.get(name) or str(default)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not lowest <= number <= highest:
        faults.append(Fault(f"?{name}", "out_of_range", f"This is a number from {lowest} to {highest}."))
    return number
