"""The lock that allows one stack per data folder. The kernel releases it however its holder ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from config.stack.errors import StackError

# After a kill -9 the guard holds the lock until the servers have ended, for at most 8 s.
GUARD_SECONDS = 12.0


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[int]:
    """Hold the lock and yield its descriptor. Raises StackError with the holder's process id if it is taken."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise StackError(
            f"{path.parent} belongs to a stack of another user (uid {path.stat().st_uid}). Set DATA to another folder."
        ) from error
    try:
        _acquire(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + GUARD_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode().strip()
            if not holder or _is_alive(int(holder)) or time.monotonic() > deadline:
                raise StackError(f"already running (pid {holder or 'unknown'}) on {path.parent}") from None
        time.sleep(0.1)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
