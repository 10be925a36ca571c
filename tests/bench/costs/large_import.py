"""What importing 100,000 people costs: `python -m tests.bench.costs.large_import`, with DATABASE_URL and REDIS_URL set.

A CSV and an XLSX file of new contacts, imported by a real worker: seconds until everything is written, and the most
memory that a process of the worker has meanwhile.
"""

import csv
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.stage.alone import own_installation

PEOPLE = 100_000
LIMIT_SECONDS = 600.0
HEADER = ("external id", "email", "phone", "first name", "last name", "ward", "plan")


def measure(logs: Path) -> None:
    from contacts.models import Organization
    from distributor.models.batch import Lane
    from tests.bench.stage.processes import running, worker_command

    organization = Organization.objects.create(name="Bench", slug="bench", phone_region="PL")
    files = {"CSV": _as_csv(_rows(0)), "XLSX": _as_workbook(_rows(PEOPLE))}
    with running(worker_command(",".join([*Lane.values, "system"])), {}, logs / "import-worker.log") as check:
        for name, content in files.items():
            seconds, megabytes = _import(organization, f"people.{name.lower()}", content, check)
            size = len(content) / 2**20
            print(f"{name:<5} {PEOPLE:,} rows, {size:.1f} MiB: {seconds:.1f} s, {megabytes:.0f} MiB at most")


def _import(organization: Any, name: str, content: bytes, check: Any) -> tuple[float, float]:
    from distributor.models.file_import import ImportState
    from tests.support.engine.imports import begin_import

    began = time.monotonic()
    row = begin_import(organization, content, name)
    most = 0.0
    while not row.is_over:
        check()
        if time.monotonic() - began > LIMIT_SECONDS:
            raise TimeoutError(f"{name} was not imported within {LIMIT_SECONDS:.0f} s")
        most = max(most, *_memory_of_workers())
        time.sleep(0.1)
        row.refresh_from_db()
    if row.state is not ImportState.DONE or row.new_count != PEOPLE:
        raise RuntimeError(f"{name}: {row.state}, {row.new_count} new, {row.fault}")
    return time.monotonic() - began, most


def _memory_of_workers() -> Iterator[float]:
    """Yield the MiB in memory of each process of the worker."""
    for process in Path("/proc").iterdir():
        try:
            if b"celery" in (process / "cmdline").read_bytes():
                yield int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        except (OSError, ValueError):
            continue


def _rows(first: int) -> list[tuple[str, ...]]:
    return [
        (f"PAT-{number:07}", f"person{number}@example.com", f"+48{600_000_000 + number}", "Ann", f"Nowak {number}",
         f"Ward {number % 40}", "pro")
        for number in range(first, first + PEOPLE)
    ]  # fmt: skip


def _as_csv(rows: list[tuple[str, ...]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([HEADER, *rows])
    return file.getvalue().encode()


def _as_workbook(rows: list[tuple[str, ...]]) -> bytes:
    from tests.support.workbooks import workbook

    return workbook([HEADER, *rows])


def main() -> int:
    with own_installation(), tempfile.TemporaryDirectory() as logs:
        measure(Path(logs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
