"""The state of a personal link, and the HTTP status that its page answers with."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from distributor.rules.journey.stop_reasons import StopReason


class LinkState(StrEnum):
    """What can be done with a link. The values are public: callers read them."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


# An unknown link is answered 404. A link that existed once is 410 “Gone”, not “Not Found”.
PAGE_STATUS: Final[Mapping[LinkState, HTTPStatus]] = MappingProxyType(
    {
        LinkState.OPEN: HTTPStatus.OK,
        LinkState.USED: HTTPStatus.GONE,
        LinkState.EXPIRED: HTTPStatus.GONE,
        LinkState.CANCELLED: HTTPStatus.GONE,
    }
)


def link_state(
    *,
    state: str,
    reason: str,
    responded_at: datetime | None,
    cancelled_at: datetime | None,
    expires_at: datetime | None,
    now: datetime,
    is_for_one_response: bool = True,
) -> LinkState:
    """Return the state of a recipient's link, by the first rule that applies:

    1. A response uses up a link that is for one response, whatever happened since.
    2. Cancelling a distribution or a journey cancels its links, including those already sent.
    3. At `expires_at` itself the link has expired.

    No other ending of a journey closes the link. A recipient who opted out, was suppressed or could not be reached may
    still hold the link (the API returns links, people forward them), and a response from them is welcome. A journey
    stopped as expired is judged by `expires_at` too, so that moving a distribution's end moves its links along.

    `state` and `reason` are the recipient's; `cancelled_at` and `expires_at` are the distribution's.
    """
    if responded_at is not None and is_for_one_response:
        return LinkState.USED
    if cancelled_at is not None or (state == "stopped" and reason == StopReason.CANCELLED):
        return LinkState.CANCELLED
    if expires_at is not None and now >= expires_at:
        return LinkState.EXPIRED
    return LinkState.OPEN


def add_code_to_url(target_url: str, code: str) -> str:
    """Return a survey's URL with `code` added to its query, such as https://s.example/x?a=1&code=Abc."""
    parts = urlsplit(target_url)
    query = f"{parts.query}&code={quote(code)}" if parts.query else f"code={quote(code)}"
    return urlunsplit(parts._replace(query=query))
