"""How long a request's body may be, by its path. It is measured before it is read, encoded and decoded."""

import re
from typing import Final

from django.conf import settings

# Everywhere else: DATA_UPLOAD_MAX_MEMORY_SIZE.
_LIMITS_BYTES: Final = (
    # Anybody may log in without a key. A name of 150 and a password of 128 characters, each of them percent-encoded,
    # are 1 KB.
    (re.compile("/*base/account/login", re.IGNORECASE), 2_048),
    (re.compile("/*admin/login", re.IGNORECASE), 2_048),
    # An answer: 5,000 characters (pages/forms.py), of which a form encodes each in at most 12 bytes.
    (re.compile("/*p/"), 65_536),
    # A mail program's one click (RFC 8058) is 26 bytes, or 200 as a form in several parts; the page's button is 120.
    (re.compile("/*u/"), 2_048),
    # The longest batches of events: SendGrid's have up to 768 KB (its Event Webhook's reference), Mandrill's up to
    # 1,000 events of about 2 KB, percent-encoded.
    (re.compile("/*webhooks(?:/|$)", re.IGNORECASE), 4_000_000),
)


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
