"""The chain of channels: which step comes next, and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from distributor.rules.wall_clock import LAST_MOMENT


def next_position(channels: Sequence[str], position: int, reachable: Mapping[str, str]) -> int | None:
    """The chain's next step, after `position`, on a channel that the contact has an address for."""
    later = range(position + 1, len(channels))
    return next((place for place in later if reachable.get(channels[place])), None)


def unanswered_at(begun_at: datetime, delay_minutes: int) -> datetime:
    """When a message that was handed over then counts as unanswered."""
    delay = timedelta(minutes=delay_minutes)
    return begun_at + delay if delay < LAST_MOMENT - begun_at else LAST_MOMENT
