"""Temporary servers for tests, checks and benchmarks. Their data is deleted afterwards."""

import os
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from config.stack.data_folder.keys import make_keys
from config.stack.data_folder.layout import Layout
from config.stack.errors import StackError
from config.stack.processes.children import Guard
from config.stack.product.environment import product_environment, without_exports
from config.stack.servers.embedded import Servers

_KEPT_LINES = 40


class ThrowawayServers:
    """Both servers in a temporary folder. `start` returns the environment to use; `stop` deletes everything.

    With `durable_in` the folder is made there and commits are synchronous, as in the real stack. Benchmarks need this:
    a database that never waits for its disk would give better numbers.
    """

    def __init__(self, *, durable_in: Path | None = None) -> None:
        if durable_in is not None:
            durable_in.mkdir(parents=True, exist_ok=True)
        # Its mode is 0700, and its path is short enough for sockets.
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
        """Start both servers. Raises StackError with the last lines of their logs if they cannot start."""
        base = without_exports(base)
        data = Path(base.get("DISTRIBUTOR_DATA") or self._folder).absolute()
        # Tests set their database back all the time, which a journal would notice.
        environment = product_environment({"JOURNAL_FOLDER": "", **base}, make_keys(), data=data)
        try:
            return self._servers.start(environment)
        except StackError as error:
            self.stop()
            raise StackError("\n".join([str(error), *self._lines])) from error

    def stop(self) -> None:
        """Kill the servers, whose data is not needed, and delete the folder."""
        self._servers.stop(is_hurried=lambda: True)
        self._guard.dismiss()


def export(environment: Mapping[str, str]) -> None:
    """Replace this process's environment, for the settings read here and for processes started from here."""
    os.environ.clear()
    os.environ.update(environment)
