"""A full disk under PostgreSQL. It needs a small file system of its own, and so a stack of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.chaos.registry import row
from tests.chaos.run import running_stack
from tests.chaos.stack import Stack
from tests.chaos.trial import Trial

SIZE_MB = 400
AT_RELAY = 200  # of two workers at once


def why_no_small_disk() -> str:
    """Return why no small file system can be had here, or ""."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        return "mounting a small tmpfs needs Linux, root and mount"
    try:
        with small_disk():
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"a tmpfs cannot be mounted: {error}"


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a file system of 400 MB until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-disk-"))
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0700", "tmpfs", str(folder)],
            check=True,
            capture_output=True,
        )
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
    finally:
        folder.rmdir()


@contextmanager
def stack_on_small_disk() -> Iterator[Stack]:
    with small_disk() as folder, running_stack(folder) as stack:
        yield stack


def fill(file: Path) -> None:
    """Write until there is no room left."""
    with file.open("wb", buffering=0) as output, suppress(OSError):
        while True:
            output.write(bytes(100_000))


@row(
    "disk full",
    "PostgreSQL's file system is filled up in mid-campaign for 10 s, then there is room again",
    risk=AT_RELAY,
    missing=why_no_small_disk,
    stack=stack_on_small_disk,
)
def fill_disk(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    ballast = trial.stack.folder / "ballast"
    with trial.accepting(1_000, call_size=50):
        trial.wait_for_messages(100)
        with trial.fault():
            free = shutil.disk_usage(trial.stack.folder).free
            fill(ballast)
            trial.sleep(10)
            has_crashed = not trial.stack.servers.postgres.is_running
            ballast.unlink()
            trial.stack.servers.postgres.start()
    trial.notes.append(f"{free // 2**20} MB filled; PostgreSQL {'ended' if has_crashed else 'stayed'}")
