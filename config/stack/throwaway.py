"""Servers for one run of something (tests, checks, a benchmark) on data that is deleted afterwards."""

import os
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from config.stack.environment import product_environment
from config.stack.errors import StackError
from config.stack.keys import make_keys
from config.stack.layout import Layout
from config.stack.processes import Guard
from config.stack.servers import Servers

_KEPT_LINES = 40


class ThrowawayServers:
    """Both servers in a temporary folder. `start` gives the environment to use; `stop` leaves nothing behind.

    `durable_in` makes the folder there instead and keeps every commit synchronous, as the real stack does: for
    measurements, which a database that never waits for its disk would flatter.
    """

    def __init__(self, *, durable_in: Path | None = None) -> None:
        if durable_in is not None:
            durable_in.mkdir(parents=True, exist_ok=True)
        # 0700, and short: the sockets fit into it.
        self._folder = Path(tempfile.mkdtemp(prefix="distributor-", dir=durable_in))
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._guard = Guard()
        self._guard.remove(self._folder)
        self._layout = Layout(self._folder)
        if not self._layout.sockets.is_relative_to(self._folder):
            self._guard.remove(self._layout.sockets)
        self._servers = Servers(
            self._layout,
            self._guard,
            lambda name, line: self._lines.append(f"{name}: {line}"),
            is_throwaway=durable_in is None,
        )

    def start(self, base: Mapping[str, str]) -> dict[str, str]:
        """Raises StackError, with the last lines of the servers' logs, when they cannot start."""
        data = Path(base.get("DISTRIBUTOR_DATA") or self._folder).absolute()
        environment = product_environment(base, make_keys(), data=data)
        try:
            return self._servers.start(environment)
        except StackError as error:
            self.stop()
            raise StackError("\n".join([str(error), *self._lines])) from error

    def stop(self) -> None:
        """End the servers at once (their data is not wanted) and delete the folder."""
        self._servers.stop(is_hurried=lambda: True)
        self._guard.dismiss()


def export(environment: Mapping[str, str]) -> None:
    """Make an environment this process's own, for what reads settings in here and for processes started from here."""
    os.environ.clear()
    os.environ.update(environment)
