"""How long a request's body may be, by its path, and how many JSON values it may have.

Its length is measured before it is read, encoded and decoded; its values are counted before they are parsed.
"""

import re
from itertools import islice
from typing import Final

from django.conf import settings

from tables.reading.limits import MAX_FILE_BYTES

# Everywhere else: DATA_UPLOAD_MAX_MEMORY_SIZE.
_LIMITS_BYTES: Final = (
    # Anybody may log in without a key. A name of 150 and a password of 128 characters, each of them percent-encoded,
    # are 1 KB.
    (re.compile("/*base/account/login", re.IGNORECASE), 2_048),
    # A form in several parts, of which a part takes 150 bytes around its value.
    (re.compile("/*(?:api/v3/+)?oauth2/token", re.IGNORECASE), 2_048),
    (re.compile("/*admin/login", re.IGNORECASE), 2_048),
    # An answer: 5,000 characters (pages/forms.py), of which a form encodes each in at most 12 bytes.
    (re.compile("/*p/"), 65_536),
    # A mail program's one click (RFC 8058) is 26 bytes, or 200 as a form in several parts; the page's button is 120.
    (re.compile("/*u/"), 2_048),
    # A file to import (tables/reading/limits.py), as a body or as part of a form with its options.
    (re.compile("/*api/v1/imports(?:/preview)?/*$"), MAX_FILE_BYTES + 100_000),
    (re.compile("/*admin/imports/new/*$"), MAX_FILE_BYTES + 100_000),
    # The longest batches of events: SendGrid's have up to 768 KB (its Event Webhook's reference), Mandrill's up to
    # 1,000 events of about 2 KB, percent-encoded.
    (re.compile("/*webhooks(?:/|$)", re.IGNORECASE), 4_000_000),
)

# A call may give 1,000 contacts with 200 keys of data each. A value takes 2 bytes in a body, and up to 800 in memory if
# it is a fault: 10 MB of them took 2.6 GB.
MAX_VALUES: Final = 250_000
_TEXT_OR_OPENING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([,\[{])', re.DOTALL)


def body_limit_bytes(path: str) -> int:
    """Return how many bytes the body of a request to this path may have."""
    for pattern, limit_bytes in _LIMITS_BYTES:
        if pattern.match(path):
            return limit_bytes
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def describe_bytes(count: int) -> str:
    """`2_048` → `2 KB`, `10_485_760` → `10 MB`."""
    kilobytes = round(count / 1_024)
    return f"{kilobytes} KB" if kilobytes < 1_000 else f"{round(count / 1_000_000)} MB"


def has_too_many_values(body: bytes) -> bool:
    """Return whether a JSON body has more than MAX_VALUES values, of which an empty list or object counts as two.

    Each value but the first follows a comma or an opening bracket. Bodies of a usual size are not looked at.
    """
    if len(body) <= MAX_VALUES or sum(map(body.count, (b",", b"[", b"{"))) < MAX_VALUES:
        return False
    # Again, without what is written in texts. A value has one text, and its key another.
    tokens = islice(_TEXT_OR_OPENING.finditer(body), 3 * MAX_VALUES)
    return sum(1 for token in tokens if token.lastindex) >= MAX_VALUES
