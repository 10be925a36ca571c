"""Starts and stops the two embedded servers. A server is left out if the environment already has its URL."""

import contextlib
import signal
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from config.stack.data_folder.layout import Layout
from config.stack.errors import StackError
from config.stack.processes.children import POLL_SECONDS, Child, Guard, start_child, wait_for_end
from config.stack.servers.identity import choose_identity
from config.stack.servers.postgres import Postgres, without_postgres_variables
from config.stack.servers.valkey import Valkey

START_LIMIT_SECONDS = 60.0  # Includes recovery after a kill -9 during a large import.
STOP_LIMIT_SECONDS = 15.0


class Server(Protocol):
    """The interface of Postgres and Valkey."""

    name: str
    stop_signal: signal.Signals
    hurry_signal: signal.Signals

    @property
    def url(self) -> str: ...
    @property
    def command(self) -> list[str]: ...
    def prepare_folder(self) -> None: ...
    def is_ready(self) -> bool: ...
    @staticmethod
    def tidy(line: str) -> str: ...


class Servers:
    """The embedded servers of one stack.

    `pause` is called while waiting and may raise to stop; `receive` gets the server's name and a line of its log.
    """

    def __init__(
        self,
        layout: Layout,
        guard: Guard,
        receive: Callable[[str, str], None],
        *,
        pause: Callable[[float], None] = time.sleep,
        is_throwaway: bool = False,
    ) -> None:
        self._layout = layout
        self._guard = guard
        self._receive = receive
        self._pause = pause
        self._is_throwaway = is_throwaway
        self._running: list[tuple[Server, Child]] = []

    @property
    def children(self) -> list[Child]:
        return [child for _, child in self._running]

    def start(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Start the servers that have no URL in `environment`; return it with DATABASE_URL and REDIS_URL.

        Raises StackError if a server cannot start. `stop` then stops those that were started.
        """
        complete = dict(environment)
        identity = choose_identity(self._layout.postgres)
        postgres = Postgres(self._layout, identity, is_throwaway=self._is_throwaway)
        if not environment.get("DATABASE_URL"):
            complete = without_postgres_variables(complete) | {"DATABASE_URL": postgres.url}
            self._launch(postgres, complete, str(identity))
        if not environment.get("REDIS_URL"):
            valkey = Valkey(self._layout, identity)
            complete["REDIS_URL"] = valkey.url
            self._launch(valkey, complete, str(identity))
        for server, child in self._running:
            self._await(server, child)
        if not environment.get("DATABASE_URL"):
            postgres.make_database()
        return complete

    def stop(self, is_hurried: Callable[[], bool] = bool) -> None:
        """Stop Valkey, then PostgreSQL, and wait for each. Hurried, they end at once, and the next start recovers."""
        for server, child in reversed(self._running):
            child.send(server.hurry_signal if is_hurried() else server.stop_signal)
            wait_for_end([child], STOP_LIMIT_SECONDS)
        if self._running:
            with contextlib.suppress(OSError):
                self._layout.sockets.rmdir()
        self._running.clear()

    def _launch(self, server: Server, environment: Mapping[str, str], identity: str) -> None:
        server.prepare_folder()
        child = start_child(
            server.name,
            server.command,
            {**environment, "LC_ALL": "C"},
            self._guard,
            death_signal=server.hurry_signal,
            identity=identity,
        )
        child.pass_lines_to(lambda name, line: self._pass(name, server.tidy(line)))
        self._running.append((server, child))

    def _pass(self, name: str, line: str) -> None:
        if line:
            self._receive(name, line)

    def _await(self, server: Server, child: Child) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not server.is_ready():
            if not child.is_running:
                raise StackError(f"{server.name} ended with code {child.reap()} instead of starting; its log says why.")
            if time.monotonic() > deadline:
                raise StackError(f"{server.name} was not ready after {START_LIMIT_SECONDS:.0f} s; its log says why.")
            self._pause(POLL_SECONDS)
