"""Cursor pagination: `{items, nextCursor}` and a Link header (RFC 8288)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request
from rest_framework.response import Response

from distributor.api.answers.problems import Fault, invalid_request

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
    limit = read_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT, found)
    if found:
        raise invalid_request(found)
    return position, limit


def read_number(request: Request, name: str, default: int, least: int, most: int, faults: list[Fault]) -> int:
    """Return the value of a parameter, or the default. Add a fault if it is no number in this range."""
    number = parse_number(request.query_params.get(name, str(default)), least, most)
    if number is None:
        faults.append(Fault(f"?{name}", "out_of_range", f"{name} must be a number from {least} to {most:,}."))
        return default
    return number


def parse_number(text: str, least: int, most: int) -> int | None:
    """Return the number that a text of a few digits says; None if it says none in this range."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    return number if least <= number <= most else None


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
        response["Link"] = next_link(request, next_cursor)
    return response


def asked_base_url(request: Request) -> str:
    """Return the address that the caller asked, so that a caller inside a network is not led outside with its key.

    A proxy that ends TLS may pass the call on by http, so the public host keeps the scheme of PUBLIC_BASE_URL.
    """
    host = request.get_host()  # one of ALLOWED_HOSTS
    public = urlsplit(settings.PUBLIC_BASE_URL)
    # Some clients write the port of https, too, or keep the letter case of their settings.
    usual_port = ":443" if public.scheme == "https" else ":80"
    is_public = host.lower().removesuffix(usual_port) == public.netloc.lower().removesuffix(usual_port)
    return settings.PUBLIC_BASE_URL if is_public else f"{request.scheme}://{host}"


def next_link(request: Request, cursor: str) -> str:
    """Return the value of a Link header that leads to the next page."""
    query = urlencode({**dict(request.query_params.lists()), "cursor": cursor}, doseq=True)
    return f'<{asked_base_url(request)}{escape_uri_path(request.path)}?{query}>; rel="next"'


def parse_row_number(text: str) -> int:
    """Parse the position in a table with a bigint key."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("not a bigint")
    return number


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode("ascii")).decode("ascii")
