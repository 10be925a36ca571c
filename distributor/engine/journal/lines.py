"""A line of the journal: one provider call, and which attempts it carried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import orjson


class JournalledAttempt(NamedTuple):
    """An attempt. Recipients' ids may be given again after a restore; `proof` of the link's code may not."""

    recipient_id: int
    proof: str
    number: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One hand-over. It holds no address, no name and no link: `proof` cannot be turned back into a code of 71 bits."""

    installation: str
    handover_id: UUID
    at: datetime
    account_id: UUID
    distribution_id: UUID
    batch_id: UUID
    step_id: UUID
    channel: str
    attempts: Sequence[JournalledAttempt]

    def encode(self) -> bytes:
        """Return the line as JSON with its line end: about 350 bytes, and 32 for each attempt."""
        content = {
            "handover": self.handover_id,
            "installation": self.installation,
            "at": self.at,
            "account": self.account_id,
            "distribution": self.distribution_id,
            "batch": self.batch_id,
            "step": self.step_id,
            "channel": self.channel,
            "attempts": [list(attempt) for attempt in self.attempts],
        }
        return orjson.dumps(content) + b"\n"


def prove_code(code: str) -> str:
    """Return a digest that shows whether a recipient has the link's code, without revealing it."""
    return blake2b(code.encode(), digest_size=8).hexdigest()


def decode_line(text: bytes) -> JournalLine | None:
    """Return the line; None if it is not whole, as the last one of a machine that lost its power."""
    try:
        content = orjson.loads(text)
        return JournalLine(
            installation=content["installation"],
            handover_id=UUID(content["handover"]),
            at=datetime.fromisoformat(content["at"]),
            account_id=UUID(content["account"]),
            distribution_id=UUID(content["distribution"]),
            batch_id=UUID(content["batch"]),
            step_id=UUID(content["step"]),
            channel=content["channel"],
            attempts=[JournalledAttempt(*attempt) for attempt in content["attempts"]],
        )
    except (ValueError, KeyError, TypeError):
        return None
