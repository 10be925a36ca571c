"""The public ids of events and recipients. They tell nothing of how many there are (engine/journey/sealed_ids.py)."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from distributor.engine.journey.sealed_ids import seal


def event_id_of(bundle_id: int, place: int) -> str:
    """Return the id of an event, which is the same whenever it is read or sent: `evt_` and 22 characters."""
    return f"evt_{_text_of(seal(bundle_id, place + 1))}"


def recipient_id_of(recipient_id: int) -> str:
    """Return the id by which events name a recipient: `rcp_` and 22 characters."""
    return f"rcp_{_text_of(seal(recipient_id))}"


def message_id_of(event_ids: Sequence[str]) -> str:
    """Return the id of a request that holds these events: the event's own, or one made of those of all."""
    if len(event_ids) == 1:
        return event_ids[0]
    return f"bat_{_text_of(blake2b(' '.join(event_ids).encode(), digest_size=16).digest())}"


def _text_of(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")
