"""Primary keys."""

import secrets
from datetime import UTC, datetime, time
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ordered by time, so an insert lands at the index's right edge.

    uuid4 keys cost 1.7 times as much on a mass insert, and a third more index.
    """
    return uuid7()


def new_id_of_day(moment: datetime) -> UUID:
    """A UUIDv7 that tells the day (UTC) and nothing more: 74 random bits follow midnight.

    Rows of one day so stand in no order, and between the days in theirs.
    """
    midnight = datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
    chance = secrets.randbits(74)
    return UUID(
        int=int(midnight.timestamp()) * 1_000 << 80 | 7 << 76 | chance >> 62 << 64 | 2 << 62 | chance % (1 << 62)
    )
