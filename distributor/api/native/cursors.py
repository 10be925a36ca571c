"""Cursors that name the order they belong to: the key of the last item, encoded."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from distributor.api.answers.pagination import encode_cursor
from distributor.engine.queries.page import Key


def encode_position(mode: str, key: Key) -> str:
    """Return the cursor of a key in an order, such as `updated-asc`; "" is the list's own."""
    parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in key]
    return encode_cursor(";".join(filter(None, [mode, *parts])))


def decode_cursor(cursor: str, mode: str, readers: Sequence[Callable[[str], Any]]) -> Key:
    """Return the key of a cursor. Raise a ValueError if it is none, or of another order."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii", "replace")).decode("ascii")
    except binascii.Error as error:
        raise ValueError("not encoded") from error
    parts = text.split(";")
    if mode:
        given_mode, *parts = parts
        if given_mode != mode:
            raise ValueError("of another order")
    return tuple(read(part) for read, part in zip(readers, parts, strict=True))
