"""Outlives the supervisor and cleans up after it was killed with -9.

This is a script (`python -I -S guard.py`) in a session of its own. It reads commands from its standard input:

    watch PID SIGNAL     end this process group with SIGNAL after the supervisor has ended
    forget PID           this process has ended
    remove PATH          delete this file or folder after the supervisor has ended

The end of input means that the supervisor has ended, in whatever way: the kernel closes its end of the pipe. The death
signal of launch.py ends only direct children; the groups also contain their children (web workers, pool processes). The
guard inherits the lock on the data folder, so that no second stack starts before the first one's servers have ended.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 8.0


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watched: dict[int, int] = {}
    leftovers: list[Path] = []
    for line in sys.stdin:
        order, _, rest = line.rstrip("\n").partition(" ")
        if order == "watch":
            pid, number = rest.split()
            watched[int(pid)] = int(number)
        elif order == "forget":
            watched.pop(int(rest), None)
        elif order == "remove":
            leftovers.append(Path(rest))
    for path in leftovers:  # Files first: demo.json says that the stack is ready.
        with contextlib.suppress(OSError):
            path.unlink()
    end_groups(watched)
    for path in leftovers:
        shutil.rmtree(path, ignore_errors=True)


def end_groups(watched: dict[int, int]) -> None:
    """Signal every group, last started first; kill those that still run after PATIENCE_SECONDS."""
    for pid in reversed(watched):
        signal_group(pid, watched[pid])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(signal_group(pid, 0) and not is_zombie(pid) for pid in watched):
        if time.monotonic() > deadline:
            for pid in watched:
                signal_group(pid, signal.SIGKILL)
            return
        time.sleep(0.02)


def signal_group(pid: int, number: int) -> bool:
    """Signal a group; return whether it exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
        return True
    return False


def is_zombie(pid: int) -> bool:
    """Whether the process has ended without being reaped. A container's first process may never reap it."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


if __name__ == "__main__":
    main()
