"""The embedded PostgreSQL: its data folder, its command line, its readiness."""

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from config.stack.data_folder.layout import POSTGRES_PORT, Layout
from config.stack.errors import StackError
from config.stack.processes.children import launch_command
from config.stack.servers.binaries import postgres_binary, postgres_major
from config.stack.servers.identity import Identity, make_private_folder

DATABASE = "distributor"
LEFTOVER_SECONDS = 10.0

# Differences from PostgreSQL's defaults, for a laptop. Commits stay synchronous: accepted calls are on the disk.
SETTINGS = {
    "listen_addresses": "",
    "port": str(POSTGRES_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Containers limit /dev/shm to 64 MB, and files in the data folder are deleted with it.
    "dynamic_shared_memory_type": "mmap",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# For data that is deleted after the tests and may be lost if the machine crashes.
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


class Postgres:
    """The server of one data folder. `prepare_folder`, then run `command`, then wait for `is_ready`."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions and writes a checkpoint.
    # "immediate": every backend ends at once, and the next start recovers.
    hurry_signal = signal.SIGQUIT

    def __init__(self, layout: Layout, identity: Identity, *, is_throwaway: bool = False) -> None:
        self._data = layout.postgres
        self._sockets = layout.sockets
        self._identity = identity
        self._is_throwaway = is_throwaway

    @property
    def url(self) -> str:
        return f"postgresql://postgres:@/{DATABASE}?host={self._sockets}"

    @property
    def command(self) -> list[str]:
        settings = SETTINGS | (THROWAWAY_SETTINGS if self._is_throwaway else {})
        settings["unix_socket_directories"] = str(self._sockets)
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(postgres_binary("postgres")), "-D", str(self._data), *pairs]

    @staticmethod
    def tidy(line: str) -> str:
        """Return a log line unchanged, because `log_line_prefix` already keeps it short."""
        return line

    def prepare_folder(self) -> None:
        """Make the cluster on the first start. Raises StackError if the folder contains something else."""
        make_private_folder(self._sockets, self._identity)
        if self._data.exists() and any(self._data.iterdir()):
            self._check_version()
            make_private_folder(self._data, self._identity)
            self._clear_leftover()
        else:
            self._make_cluster()

    def is_ready(self) -> bool:
        """Whether the eighth line of the pid file says “ready”. Trying to connect would fill the log with refusals."""
        with contextlib.suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[7].strip() == "ready"
        return False

    def make_database(self) -> None:
        """Make the product's database unless it exists."""
        query = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608 - a constant
        if not self._client("psql", "--no-psqlrc", "--tuples-only", "--command", query).stdout.strip():
            made = self._client("createdb", DATABASE)
            if made.returncode != 0:
                raise StackError(f"cannot make the database: {made.stdout.strip()}")

    def _check_version(self) -> None:
        version_file = self._data / "PG_VERSION"
        found = version_file.read_text().strip() if version_file.exists() else None
        if found is None:
            raise StackError(f"{self._data} holds something that is not a PostgreSQL cluster. Nothing was touched.")
        if found != postgres_major():
            raise StackError(
                f"{self._data} was made by PostgreSQL {found}, this is PostgreSQL {postgres_major()}. Nothing was"
                " touched: set DATA to a new folder, or dump it with the old version and remove it."
            )

    def _make_cluster(self) -> None:
        """Make the cluster in another folder and rename it, so that an interrupted `initdb` never looks complete."""
        unfinished = self._data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private_folder(unfinished, self._identity)
        command = [str(postgres_binary("initdb")), "--pgdata", str(unfinished), "--username=postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-instructions", *(["--no-sync"] if self._is_throwaway else [])]
        launch = launch_command(command, identity=str(self._identity))
        made = subprocess.run(launch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise StackError(f"PostgreSQL's initdb failed{self._hint()}:\n{made.stdout.strip()}")
        unfinished.rename(self._data)

    def _hint(self) -> str:
        if self._identity.kind == "dropped":
            return (
                f" (PostgreSQL refuses to run as root, so it ran as uid {self._identity.uid}, which must be"
                " able to reach the data and .venv: run as an ordinary user, or from a folder that others may enter)"
            )
        return ""

    def _clear_leftover(self) -> None:
        """After a kill -9, wait for the server that is still stopping, then delete its pid file.

        PostgreSQL refuses to start if the stale number in that file now belongs to another process of this user.
        """
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().partition("\n")[0] or 0)
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while pid and self._is_server(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, self.hurry_signal)
            if time.monotonic() > deadline:
                raise StackError(f"a PostgreSQL server of an earlier start (pid {pid}) does not stop; end it by hand.")
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def _is_server(self, pid: int) -> bool:
        command = _command_line(pid)
        return "postgres" in command and str(self._data) in command

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(postgres_binary(program)), "--host", str(self._sockets), "--username=postgres", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=without_postgres_variables(os.environ),
        )


def without_postgres_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Remove PGHOST, PGPORT, PGSERVICE…: they are for the user's own servers, but would apply to ours."""
    return {name: value for name, value in environment.items() if not re.fullmatch(r"PG[A-Z]+", name)}


def _command_line(pid: int) -> str:
    """Return a process's command line, "" if it has ended. Small images have no `ps`, macOS has no /proc."""
    if platform.system() == "Linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
