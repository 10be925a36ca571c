"""Runs a stack in a process of its own, and observes its child processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
STACK = [sys.executable, "-m", "config.stack"]
# Set by the tests' own servers or by the user; the stack under test must not get them.
OURS = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "CREDENTIAL_KEYS",
    "PUBLIC_BASE_URL",
    "SANDBOX_OPEN",
    "ALLOWED_PROVIDER_HOSTS",
    "DISTRIBUTOR_DATA",
    "JOURNAL_FOLDER",
}
OURS |= {"DEMO_API_KEY", "DEMO_ADMIN_PASSWORD", "DJANGO_SETTINGS_MODULE", "PORT", "HOST"}
OURS |= {"DJANGO_ALLOW_ASYNC_UNSAFE"}  # playwright's
OURS |= {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}  # the make that runs the tests; a make below another one says where it is


def clean_environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("PYTEST_")}
    return kept | extra


def run_stack(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the stack's command line to its end."""
    return subprocess.run(
        [*STACK, *arguments], cwd=PROJECT, env=clean_environment(**extra), capture_output=True, text=True, timeout=120
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], object], limit_seconds: float = 30.0) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Family:
    """A process and all its descendants. Start times distinguish them from later processes with the same number."""

    def __init__(self, pid: int) -> None:
        table = _process_table()
        pids = {pid}
        while more := {child for child, (parent, _, _) in table.items() if parent in pids} - pids:
            pids |= more
        self.born_at = {member: table[member][1] for member in pids if member in table}

    def pids_of(self, words: str) -> list[int]:
        """Return the processes whose command line contains these words."""
        return sorted(pid for pid in self.living() if words in _command_line(pid))

    def children_of(self, parent_pid: int) -> list[int]:
        """Return the running processes whose parent this is."""
        living, table = self.living(), _process_table()
        return sorted(pid for pid in living if pid in table and table[pid][0] == parent_pid)

    def living(self) -> list[int]:
        """Return the running processes, without zombies, which have ended."""
        table = _process_table()
        return [
            pid
            for pid, born_at in self.born_at.items()
            if pid in table and table[pid][1:] == (born_at, table[pid][2]) and table[pid][2] != "Z"
        ]

    def listening_ports(self) -> set[int]:
        """Return the TCP ports that any of them listens on."""
        inodes = {}
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":  # LISTEN
                    inodes[f"socket:[{fields[9]}]"] = int(fields[1].rpartition(":")[2], 16)
        held = {str(link.readlink()) for pid in self.living() for link in Path(f"/proc/{pid}/fd").iterdir()}
        return {port for name, port in inodes.items() if name in held}


class RunningStack:
    """`config.stack run` on one data folder. It starts on first use and again after it was killed.

    `extra`: more variables of its environment.
    """

    def __init__(self, data: Path, **extra: str) -> None:
        self.data = data
        self._environment = clean_environment(**extra)
        self.port = free_port()
        self.log = data.parent / "stack.log"
        self.first_demo: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.family: Family | None = None

    def ensure_running(self) -> dict[str, Any]:
        """Return demo.json of the running stack."""
        if self.process is None:
            with self.log.open("ab") as log:
                command = [*STACK, "run", "--data", str(self.data), "--port", str(self.port)]
                self.process = subprocess.Popen(command, cwd=PROJECT, env=self._environment, stdout=log, stderr=log)
            wait_until(lambda: self._has_ended() or (self.data / "demo.json").exists(), 200)
            assert not self._has_ended(), self.log.read_text()
            self.family = Family(self.process.pid)
        demo: dict[str, Any] = json.loads((self.data / "demo.json").read_text())
        self.first_demo = self.first_demo or demo
        return demo

    def open_shell(self, command: str) -> "subprocess.Popen[str]":
        """Start a command in a shell that has evaluated what `make env` prints."""
        exports = run_stack("env", "--data", str(self.data))
        assert exports.returncode == 0, exports.stderr
        script = f"{exports.stdout}\nexec {command}"
        pipe = subprocess.PIPE
        return subprocess.Popen(
            ["sh", "-c", script], cwd="/", env=clean_environment(), stdout=pipe, stderr=pipe, text=True
        )

    def end(self, number: signal.Signals) -> tuple[int, Family]:
        """End the stack by a signal and wait for its processes; return its exit code and the processes."""
        assert self.process is not None
        family = Family(self.process.pid)
        self.process.send_signal(number)
        code = self.process.wait(60)
        wait_until(lambda: not family.living())  # The guard ends a moment later.
        self.process = None
        return code, family

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def _process_table() -> dict[int, tuple[int, str, str]]:
    """Return (parent, start time, state) by process id, from /proc."""
    table = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            table[int(folder.name)] = (int(fields[1]), fields[19], fields[0])
    return table


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
