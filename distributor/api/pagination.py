"""Cursor pagination: `{items, nextCursor}` and a Link header (RFC 8288)."""

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


def read_page(
    request: Request, parse: Callable[[str], PositionT], faults: Sequence[Fault] = ()
) -> tuple[PositionT | None, int]:
    """Return the position and size from `?cursor=&limit=`. `parse` raises ValueError for an invalid position.

    Raise a 400 Problem that lists every fault: `faults` of the call's filters, and those of the two parameters.
    """
    found = list(faults)
    position = None
    if cursor := request.query_params.get("cursor"):
        try:
            position = parse(base64.urlsafe_b64decode(cursor.encode("ascii", "replace")).decode("ascii"))
        except (binascii.Error, ValueError):
            found.append(Fault("?cursor", "invalid_cursor", "Invalid cursor. Use the nextCursor of an earlier page."))
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= limit <= MAX_LIMIT:
        found.append(Fault("?limit", "out_of_range", f"limit must be a number from 1 to {MAX_LIMIT:,}."))
    if found:
        raise invalid_request(found)
    return position, limit


def page_response(
    request: Request,
    rows: Sequence[ItemT],
    limit: int,
    position_of: Callable[[ItemT], str],
    render: Callable[[ItemT], dict[str, Any]],
) -> Response:
    """Answer a page as wire.Page documents it. `rows` holds one row more than `limit` if another page follows."""
    shown = rows[:limit]
    next_cursor = encode_cursor(position_of(shown[-1])) if len(rows) > limit else None
    response = Response({"items": [render(row) for row in shown], "nextCursor": next_cursor})
    if next_cursor:
        query = urlencode({**dict(request.query_params.lists()), "cursor": next_cursor}, doseq=True)
        response["Link"] = f'<{settings.PUBLIC_BASE_URL}{escape_uri_path(request.path)}?{query}>; rel="next"'
    return response


def parse_row_number(text: str) -> int:
    """Parse the position in a table with a bigint key."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("not a bigint")
    return number


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode("ascii")).decode("ascii")
