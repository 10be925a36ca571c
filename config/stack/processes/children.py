"""Child processes, each in a process group of its own. They end with the supervisor, even after a kill -9."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from config.stack.processes.launch import PR_SET_PDEATHSIG

HERE = Path(__file__).resolve().parent
_SCRIPT = [sys.executable, "-I", "-S"]
POLL_SECONDS = 0.02
UNCHANGED = "same:0:0"


def launch_command(
    command: Sequence[str], *, death_signal: signal.Signals = signal.SIGKILL, identity: str = UNCHANGED
) -> list[str]:
    """Return the command line that runs `command` through launch.py, as a child of this process."""
    return [*_SCRIPT, str(HERE / "launch.py"), str(os.getpid()), str(death_signal.value), identity, *command]


def end_with_parent() -> None:
    """Receive SIGTERM when the parent is killed, because `make` cannot pass on a kill -9. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM.value, 0, 0, 0)


class Guard:
    """The process that cleans up after a kill -9 of this one; see guard.py."""

    def __init__(self, *, lock_descriptor: int | None = None) -> None:
        self._process = subprocess.Popen(
            [*_SCRIPT, str(HERE / "guard.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=() if lock_descriptor is None else (lock_descriptor,),
            text=True,
        )

    def watch(self, pid: int, death_signal: signal.Signals) -> None:
        self._order(f"watch {pid} {death_signal.value}")

    def forget(self, pid: int) -> None:
        self._order(f"forget {pid}")

    def remove(self, path: Path) -> None:
        self._order(f"remove {path}")

    def dismiss(self) -> None:
        """Close the pipe and wait: the guard ends the processes still on its list, then itself."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _order(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # The stack works without a guard; the death signals remain.
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


class Child:
    """One running process and its group."""

    def __init__(self, name: str, process: subprocess.Popen[str], guard: Guard) -> None:
        self.name = name
        self.process = process
        self.started_at_seconds = time.monotonic()
        self._guard = guard
        self._reader: threading.Thread | None = None

    def pass_lines_to(self, receive: Callable[[str, str], None]) -> None:
        """Pass each line of output to `receive(name, line)`, from a thread that ends with the output."""
        self._reader = threading.Thread(target=self._read, args=(receive,), name=f"log-{self.name}", daemon=True)
        self._reader.start()

    def _read(self, receive: Callable[[str, str], None]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip():
                receive(self.name, line.rstrip())

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process only; it tells its own children."""
        if self.is_running:
            self.process.send_signal(number)

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Reap the ended process, kill the rest of its group, and return the exit code."""
        code = self.process.wait()
        self.kill_group()
        self._guard.forget(self.process.pid)
        if self._reader is not None:
            self._reader.join(timeout=1)
        return code


def start_child(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    guard: Guard,
    *,
    output: int | IO[str] = subprocess.PIPE,
    death_signal: signal.Signals = signal.SIGKILL,
    identity: str = UNCHANGED,
    folder: Path | None = None,
) -> Child:
    """Start `command` with output and errors as one stream: a pipe for `pass_lines_to`, or a file."""
    process = subprocess.Popen(
        launch_command(command, death_signal=death_signal, identity=identity),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=folder,
        process_group=0,
        text=True,
        errors="replace",
    )
    guard.watch(process.pid, death_signal)
    return Child(name, process, guard)


def wait_for_end(children: Sequence[Child], limit_seconds: float, is_hurried: Callable[[], bool] = bool) -> None:
    """Wait until all have ended, and reap them. After the limit, or when `is_hurried`, kill those that still run."""
    deadline = time.monotonic() + limit_seconds
    while any(child.is_running for child in children):
        if time.monotonic() > deadline or is_hurried():
            for child in children:
                child.kill_group()
        time.sleep(POLL_SECONDS)
    for child in children:
        child.reap()
