"""How times are written in answers."""

from datetime import UTC, datetime


def format_time(time: datetime) -> str:
    """Return ISO 8601 in whole seconds, as published clients read it: `2019-11-25T01:18:51Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_time_or_none(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)


def epoch_milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1_000)


def epoch_milliseconds_or_none(time: datetime | None) -> int | None:
    return None if time is None else epoch_milliseconds(time)
