"""Sign requests with events as Standard Webhooks says (https://www.standardwebhooks.com, version 1)."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

# Both secrets sign for so long after a rotation.
OVERLAP: Final = timedelta(hours=24)
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 24


def new_secret() -> str:
    """Return a new secret: `whsec_` and 24 random bytes in base64."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def rotate(stored: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the secrets with a new one in front. The one before signs, too, for 24 hours."""
    rotated = {"current": new_secret()}
    if current := stored.get("current"):
        rotated |= {"previous": current, "previousUntil": (now + OVERLAP).isoformat()}
    return rotated


def valid_secrets(stored: Mapping[str, str], now: datetime) -> list[str]:
    """Return the secrets that sign now, newest first."""
    valid = [stored["current"]] if stored.get("current") else []
    if stored.get("previous") and now < datetime.fromisoformat(stored["previousUntil"]):
        valid.append(stored["previous"])
    return valid


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
