"""The journal's files: one per process and day, only ever appended to."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from time import gmtime, strftime, time
from typing import Any, TypeVar

from django.conf import settings

from distributor.engine.journal.lines import JournalLine, decode_line

# A line with 1,000 attempts, the most of a hand-over, has 33 KB.
TAIL_BYTES = 131_072
LineT = TypeVar("LineT")
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


def journal_folder() -> Path | None:
    """Return the folder that the operator named; None: no journal is kept."""
    return Path(settings.JOURNAL_FOLDER) if settings.JOURNAL_FOLDER else None


def is_journal_kept() -> bool:
    return journal_folder() is not None


class JournalFile:
    """The file of this process for this day (UTC)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._day, self._process_id = folder, _today(), os.getpid()
        # No two processes share a file, also if they are containers with the same process id.
        self._path = folder / f"{self._day}-{socket.gethostname()}-{self._process_id}-{token_hex(3)}.jsonl"
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        _sync_folder(folder)
        _delete_old(folder)

    def serves(self, folder: Path) -> bool:
        """Return whether the next line belongs here. A process that was forked has no file yet."""
        is_own = (self._folder, self._day, self._process_id) == (folder, _today(), os.getpid())
        return is_own and self._path.exists()

    def append(self, line: bytes) -> None:
        """Write the line and wait until it is on the disk. Raises OSError."""
        view = memoryview(line)
        while view:
            view = view[os.write(self._descriptor, view) :]
        _sync(self._descriptor)

    def close(self) -> None:
        with suppress(OSError):
            os.close(self._descriptor)


def find_files(folder: Path) -> list[Path]:
    """Return the journal's files, the oldest day first."""
    return sorted(folder.glob("*.jsonl"))


def read_lines(path: Path, decode: Callable[[bytes], LineT | None]) -> Iterator[tuple[int, LineT]]:
    """Yield what `decode` reads, from each line that is whole and of its kind, with the offset in the file."""
    with path.open("rb") as file:
        offset = 0
        for text in file:
            line = decode(text)
            if line is not None:
                yield offset, line
            offset += len(text)


def read_line_at(path: Path, offset: int) -> JournalLine | None:
    """Return the line at an offset that read_lines() gave."""
    with path.open("rb") as file:
        file.seek(offset)
        return decode_line(file.readline())


def read_last_line(path: Path, decode: Callable[[bytes], LineT | None]) -> LineT | None:
    """Return what `decode` reads from the last line of its kind near the file's end; None if there is none.

    Files are only appended to, so one that has not grown is not read again: there may be a thousand, and each is asked
    for every ten seconds.
    """
    line: LineT | None = _read_last_line(path, path.stat().st_size, decode)
    return line


@lru_cache(maxsize=4_096)
def _read_last_line(path: Path, size: int, decode: Callable[[bytes], Any]) -> Any:
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL_BYTES))
        texts = file.read(TAIL_BYTES).splitlines()
    for text in reversed(texts):
        line = decode(text)
        if line is not None:
            return line
    return None


def _today() -> str:
    return strftime("%Y-%m-%d", gmtime())


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete_old(folder: Path) -> None:
    """Delete the files that have not been written to for longer than the journal is kept."""
    oldest = time() - timedelta(days=settings.JOURNAL_DAYS).total_seconds()
    for path in folder.glob("*.jsonl"):
        with suppress(OSError):  # another process deletes it too
            if path.stat().st_mtime < oldest:
                path.unlink()
