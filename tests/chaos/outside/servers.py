"""PostgreSQL and Valkey of one run, each of which can be killed, frozen and started again on its data."""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import redis

from config.stack.data_folder.layout import Layout
from config.stack.processes.children import Child, Guard, start_child, wait_for_end
from config.stack.servers.embedded import Server
from config.stack.servers.identity import choose_identity
from config.stack.servers.postgres import DATABASE, Postgres
from config.stack.servers.valkey import Valkey

START_LIMIT_SECONDS = 60.0
STOP_LIMIT_SECONDS = 20.0


class KillableServer:
    """One server. It writes synchronously, as in production: what was committed survives its death."""

    def __init__(self, server: Server, identity: str, guard: Guard, environment: Mapping[str, str], log: Path) -> None:
        self._server = server
        self._identity = identity
        self._guard = guard
        self._environment = {**environment, "LC_ALL": "C"}
        self._log = log
        self._child: Child | None = None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def start(self) -> None:
        """Start, unless it runs, and return once it is ready. Raises RuntimeError if it cannot start."""
        if self.is_running:
            return
        self._server.prepare_folder()
        with self._log.open("a") as output:
            self._child = start_child(
                self._server.name,
                self._server.command,
                self._environment,
                self._guard,
                output=output,
                death_signal=self._server.hurry_signal,
                identity=self._identity,
            )
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not self._server.is_ready():
            if not self._child.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"{self._server.name} did not start:\n{self._log.read_text()[-2_000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End at once: PostgreSQL's "immediate" shutdown, kill -9 for Valkey."""
        self._end(self._server.hurry_signal)

    def stop(self) -> None:
        """End in order: PostgreSQL's "fast" shutdown, SIGTERM for Valkey."""
        self._end(self._server.stop_signal)

    def freeze(self) -> None:
        """Stop all of its processes where they are, like a machine that hangs."""
        self._signal_group(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_group(signal.SIGCONT)

    def _signal_group(self, number: signal.Signals) -> None:
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._child is not None:
            self._child.send(number)
            wait_for_end([self._child], STOP_LIMIT_SECONDS)


class Servers:
    """Both servers in one folder. `sql` and `broker` reach them directly, without the proxies."""

    def __init__(self, folder: Path, guard: Guard, environment: Mapping[str, str]) -> None:
        layout = Layout(folder)
        identity = choose_identity(layout.postgres)
        self._postgres_server = Postgres(layout, identity)
        valkey = Valkey(layout, identity)
        self.postgres = KillableServer(
            self._postgres_server, str(identity), guard, environment, folder / "postgres.log"
        )
        self.valkey = KillableServer(valkey, str(identity), guard, environment, folder / "valkey.log")
        self.postgres_socket = str(layout.sockets / ".s.PGSQL.5432")
        self.valkey_socket = str(layout.sockets / "valkey.sock")
        self.sockets = str(layout.sockets)
        if not layout.sockets.is_relative_to(folder):
            guard.remove(layout.sockets)

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        self._postgres_server.make_database()

    def stop(self) -> None:
        self.valkey.kill()
        self.postgres.kill()

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        """Return a new connection to the product's database that commits each statement."""
        return psycopg.connect(host=self.sockets, user="postgres", dbname=DATABASE, autocommit=True, connect_timeout=5)

    def broker(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=self.valkey_socket)
