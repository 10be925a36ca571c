"""`python -m config.stack.prepare FILE`: migrate the database, seed the demo, and write the seed's JSON to FILE.

One process does both, because each start of Django costs more than a second. It prints how far it is.
"""

import io
import json
import sys
import time
from pathlib import Path

import django
from django.core.management import call_command

from config.stack.data_folder.keys import write_private

TELL_SECONDS = 2.0


class MigrationCount(io.TextIOBase):
    """Takes what `migrate` prints, and prints instead how many migrations of how many are applied."""

    def __init__(self, total: int) -> None:
        self._total, self._applied, self._told_at_seconds = total, 0, time.monotonic()

    def write(self, text: str) -> int:
        if text.strip() == "OK":
            self._applied += 1
            self._tell()
        return len(text)

    def _tell(self) -> None:
        now = time.monotonic()
        if self._applied == self._total or now - self._told_at_seconds >= TELL_SECONDS:
            self._told_at_seconds = now
            print(f"migrations: {self._applied} of {self._total}")


def main(file: Path) -> None:
    django.setup()
    total = _count_missing()
    print(f"migrations: {total} to apply" if total else "migrations: all are applied")
    call_command("migrate", interactive=False, no_color=True, stdout=MigrationCount(total))
    print("demo data")
    seeded = io.StringIO()
    call_command("seed_demo", stdout=seeded)
    write_private(file, json.loads(seeded.getvalue()))


def _count_missing() -> int:
    from distributor.engine.infrastructure.readiness import count_missing_migrations  # needs Django's models

    return count_missing_migrations()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
