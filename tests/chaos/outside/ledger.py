"""The ledger: every message that a provider took, on the disk before the provider answers."""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that a provider took. `at_seconds` is Unix time, `to` an e-mail address or a phone number."""

    at_seconds: float
    provider: str
    to: str
    attempt_id: str = ""


class Ledger:
    """Appends to a file. One process writes, any process may read."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, provider: str, messages: Iterable[tuple[str, str]]) -> None:
        """Store messages (address, attempt id) in one write, and return once they are on the disk."""
        now = time.time()
        lines = [json.dumps(asdict(Taken(now, provider, to, attempt_id))) + "\n" for to, attempt_id in messages]
        os.write(self._descriptor, "".join(lines).encode())
        os.fsync(self._descriptor)


def read_ledger(path: Path) -> list[Taken]:
    """Return all messages in the order in which they were taken."""
    if not path.exists():
        return []
    return [Taken(**json.loads(line)) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
