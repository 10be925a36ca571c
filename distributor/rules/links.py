"""What a personal link is good for, and how it answers."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from distributor.rules.journey.stop_reasons import StopReason


class LinkState(StrEnum):
    """Stable: callers of the API read them."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


# What the page answers with. A link that nobody knows is 404. Once a link existed it is “gone”, not “missing”.
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
    """The state of a recipient's link; `cancelled_at` and `expires_at` are the distribution's.

    The moment of the expiry itself is already too late.

    An answer outweighs all that came after it, where the link is for one. A cancelled distribution takes its links with
    it, those that went out included, and so does a cancelled journey. No other ending does: somebody who opted out, was
    suppressed, came too soon or could not be reached may hold the link all the same (the API hands links out, people
    forward them), and an answer that is given freely is welcome. That is why a recipient's outcome does not matter
    here. A journey that was stopped for having expired is judged by `expires_at` as well, so that an operator who moves
    the end of a distribution moves its links along.
    """
    if responded_at is not None and is_for_one_response:
        return LinkState.USED
    if cancelled_at is not None or (state == "stopped" and reason == StopReason.CANCELLED):
        return LinkState.CANCELLED
    if expires_at is not None and now >= expires_at:
        return LinkState.EXPIRED
    return LinkState.OPEN


def target_with_code(target_url: str, code: str) -> str:
    """The survey's own address with `code` added to what its query holds already."""
    parts = urlsplit(target_url)
    query = f"{parts.query}&code={quote(code)}" if parts.query else f"code={quote(code)}"
    return urlunsplit(parts._replace(query=query))
