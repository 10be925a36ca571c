"""Generates primary keys."""

import secrets
from datetime import UTC, datetime, time
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562). It is ordered by time, so inserts append to the index.

    With uuid4 a mass insert costs 1.7 times as much, and the index is a third larger.
    """
    return uuid7()


def new_id_of_day(moment: datetime) -> UUID:
    """Return a UUIDv7 that reveals only the day (UTC): midnight, followed by 74 random bits.

    Rows sort by day, but within a day in random order.
    """
    midnight = datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
    milliseconds = int(midnight.timestamp()) * 1_000
    return UUID(int=milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62))
