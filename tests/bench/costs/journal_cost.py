"""What a line of the journal costs: milliseconds per hand-over. `python -m tests.bench.costs.journal_cost FOLDER`.

The folder should be on the disk that the journal will be on. It needs no database.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from contacts.ids import new_id
from distributor.engine.journal.files import JournalFile
from distributor.engine.journal.lines import JournalledAttempt, JournalLine, prove_code

ROUNDS = 200


def measure(folder: Path, attempts: int) -> list[float]:
    """Return the milliseconds of each round: make a line with so many attempts, write it and wait for the disk."""
    file = JournalFile(folder)
    codes = [f"code{number:08}" for number in range(attempts)]
    taken = []
    for _ in range(ROUNDS):
        started_at = perf_counter()
        line = JournalLine(
            "0123456789", new_id(), datetime.now(UTC), new_id(), new_id(), new_id(), new_id(), "email",
            [JournalledAttempt(number, prove_code(code), 1) for number, code in enumerate(codes)],
        )  # fmt: skip
        file.append(line.encode())
        taken.append((perf_counter() - started_at) * 1_000)
    file.close()
    return taken


def main() -> None:
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd()
    with TemporaryDirectory(dir=where) as folder:
        for attempts in (1, 64, 1_000):
            taken = sorted(measure(Path(folder), attempts))
            most = taken[int(ROUNDS * 0.95)]
            print(f"{attempts:5} attempts: median {median(taken):.2f} ms, 95 % below {most:.2f} ms")


if __name__ == "__main__":
    import django

    django.setup()
    main()
