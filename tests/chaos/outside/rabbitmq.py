"""RabbitMQ of one run, where it is installed: killed, frozen, emptied and full like Valkey."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from config.stack.processes.children import Child, Guard, start_child, wait_for_end
from tests.stack.running import free_port

START_LIMIT_SECONDS = 120.0
STOP_LIMIT_SECONDS = 20.0
# Debian's `rabbitmq-server` in PATH changes the user; this is what it runs.
_DEBIAN = Path("/usr/lib/rabbitmq/bin")


def why_no_rabbitmq() -> str:
    """Return why RabbitMQ cannot be started here, or ""."""
    missing = [name for name in ("epmd", "rabbitmq-server", "rabbitmqctl") if not _find(name)]
    return f"{', '.join(missing)} not installed (Debian: apt install rabbitmq-server)" if missing else ""


class RabbitMq:
    """One node with ports, data and a port mapper (epmd) of its own."""

    def __init__(self, folder: Path, guard: Guard, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self._guard = guard
        self._log = folder / "rabbitmq.log"
        home = folder / "rabbitmq"
        home.mkdir()
        self._environment = {
            **environment,
            "HOME": str(home),
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": "chaos@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
        }
        self._port_mapper: Child | None = None
        self._node: Child | None = None

    def start(self) -> None:
        """Start, unless it runs, and return once it takes connections."""
        if self._port_mapper is None:
            # Started by the node itself, it would outlive the run.
            self._port_mapper = self._launch("epmd", "-port", self._environment["ERL_EPMD_PORT"])
        if self._node is None or not self._node.is_running:
            self._node = self._launch("rabbitmq-server")
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while not self._answers():
            if not self._node.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"RabbitMQ did not start:\n{self._log.read_text()[-2_000:]}")
            time.sleep(0.2)

    def kill(self) -> None:
        """kill -9, its whole group: the script that starts it, and the node."""
        if self._node is not None:
            self._node.kill_group()
            wait_for_end([self._node], STOP_LIMIT_SECONDS)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def empty(self) -> None:
        """Throw away every message that waits."""
        for queue in ("urgent", "normal", "bulk", "system"):
            self.control("purge_queue", queue)

    def control(self, *arguments: str) -> None:
        """Run rabbitmqctl. Raises CalledProcessError if it fails."""
        command = [str(_find("rabbitmqctl")), "--node", "chaos@localhost", *arguments]
        subprocess.run(command, env=self._environment, capture_output=True, timeout=60, check=True)

    def close(self) -> None:
        self.kill()
        if self._port_mapper is not None:
            self._port_mapper.kill_group()
            wait_for_end([self._port_mapper], STOP_LIMIT_SECONDS)

    def _launch(self, name: str, *arguments: str) -> Child:
        with self._log.open("a") as output:
            return start_child(name, [str(_find(name)), *arguments], self._environment, self._guard, output=output)

    def _signal(self, number: signal.Signals) -> None:
        if self._node is not None and self._node.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._node.process.pid, number)

    def _answers(self) -> bool:
        """Whether it answers the protocol's header. A frozen or starting node accepts connections and says nothing."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(connection.recv(8))
        except OSError:
            return False


def _find(name: str) -> str | None:
    beside = _DEBIAN / name
    return str(beside) if beside.exists() else shutil.which(name)
