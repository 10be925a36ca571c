"""Cursor pages: `{items, nextCursor}` and a Link header (RFC 8288)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.problems import Fault, invalid_request

ItemT = TypeVar("ItemT")
PositionT = TypeVar("PositionT")
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000


def read_page(request: Request, parse: Callable[[str], PositionT]) -> tuple[PositionT | None, int]:
    """The position and size that `?cursor=&limit=` ask for; `parse` raises ValueError on what is no position.

    Raises a 400 Problem naming everything that is wrong with them.
    """
    faults = []
    position = None
    if cursor := request.query_params.get("cursor"):
        try:
            position = parse(base64.urlsafe_b64decode(cursor.encode("ascii", "replace")).decode("ascii"))
        except (binascii.Error, ValueError):
            faults.append(Fault("?cursor", "invalid_cursor", "This is not a cursor that an earlier page named."))
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= limit <= MAX_LIMIT:
        faults.append(Fault("?limit", "out_of_range", f"limit is a number from 1 to {MAX_LIMIT}."))
    if faults:
        raise invalid_request(faults)
    return position, limit


def page_response(
    request: Request,
    rows: Sequence[ItemT],
    limit: int,
    position_of: Callable[[ItemT], str],
    render: Callable[[ItemT], dict[str, Any]],
) -> Response:
    """A page of `rows`, of which there is one more than `limit` when another page follows."""
    shown = rows[:limit]
    next_cursor = encode_cursor(position_of(shown[-1])) if len(rows) > limit else None
    response = Response({"items": [render(row) for row in shown], "nextCursor": next_cursor})
    if next_cursor:
        query = urlencode({**dict(request.query_params.lists()), "cursor": next_cursor}, doseq=True)
        response["Link"] = f'<{settings.PUBLIC_BASE_URL}{escape_uri_path(request.path)}?{query}>; rel="next"'
    return response


def parse_row_number(text: str) -> int:
    """The position in a table with a bigint key."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("no bigint")
    return number


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode("ascii")).decode("ascii")
