"""Sign requests with events as Standard Webhooks says (https://www.standardwebhooks.com, version 1)."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

# A secret signs for so long after it was replaced.
OVERLAP: Final = timedelta(hours=24)
# The names of those that were replaced, newest first. If more are replaced within this time, the oldest are forgotten.
_FORMER_NAMES: Final = ("previous", *(f"previous{number}" for number in range(2, 11)))
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 24


def new_secret() -> str:
    """Return a new secret: `whsec_` and 24 random bytes in base64."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def rotate(stored: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the secrets with a new one in front. Each of those before signs, too, until 24 hours after its end.

    A call that is repeated rotates twice: the secret that the receiver has must still sign then.
    """
    former = list(_valid_former(stored, now))
    if current := stored.get("current"):
        former.insert(0, (current, (now + OVERLAP).isoformat()))
    rotated = {"current": new_secret()}
    for name, (secret, until) in zip(_FORMER_NAMES, former, strict=False):
        rotated |= {name: secret, f"{name}Until": until}
    return rotated


def valid_secrets(stored: Mapping[str, str], now: datetime) -> list[str]:
    """Return the secrets that sign now, newest first."""
    valid = [stored["current"]] if stored.get("current") else []
    return valid + [secret for secret, _ in _valid_former(stored, now)]


def _valid_former(stored: Mapping[str, str], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield those that were replaced, newest first, and until when each signs."""
    for name in _FORMER_NAMES:
        if (secret := stored.get(name)) and now < datetime.fromisoformat(until := stored[f"{name}Until"]):
            yield secret, until


def sign(message_id: str, timestamp: int, body: bytes, valid: list[str]) -> dict[str, str]:
    """Return the headers that identify and sign a request. `timestamp` is Unix time."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [b64encode(hmac.digest(_key_of(secret), signed, sha256)).decode() for secret in valid]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key_of(secret: str) -> bytes:
    return b64decode(secret.removeprefix(_PREFIX))
