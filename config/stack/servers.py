"""The two embedded servers together: started, awaited, stopped. Each is left out when its URL is already set."""

import contextlib
import signal
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from config.stack.errors import StackError
from config.stack.identity import choose_identity
from config.stack.layout import Layout
from config.stack.postgres import Postgres, without_postgres_variables
from config.stack.processes import POLL_SECONDS, Child, Guard, start_child, wait_for_end
from config.stack.valkey import Valkey

START_LIMIT_SECONDS = 60.0  # Recovery after a kill -9 in the middle of a large import included.
STOP_LIMIT_SECONDS = 15.0


class Server(Protocol):
    """What PostgreSQL and Valkey have in common."""

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

    `pause` is called while waiting and may raise to give up; `receive` gets the server's name and a line of its log.
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
        """Start what `environment` does not already name; returns it completed by DATABASE_URL and REDIS_URL.

        Raises StackError when a server cannot start. What was started until then is stopped by `stop` as usual.
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
        """Valkey first, then PostgreSQL, each to its end. Hurried, they skip what the next start can make up for."""
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
        child.pass_lines_to(lambda name, line: self._receive(name, server.tidy(line)))
        self._running.append((server, child))

    def _await(self, server: Server, child: Child) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not server.is_ready():
            if not child.is_running:
                raise StackError(f"{server.name} ended with code {child.bury()} instead of starting; its log says why.")
            if time.monotonic() > deadline:
                raise StackError(f"{server.name} was not ready after {START_LIMIT_SECONDS:.0f} s; its log says why.")
            self._pause(POLL_SECONDS)
