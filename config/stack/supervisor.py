"""`make run`: starts everything in order, watches it, and stops it in order."""

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from config.stack.data_folder.keys import keep_keys, write_private
from config.stack.data_folder.layout import Layout, open_layout
from config.stack.data_folder.lock import hold_lock
from config.stack.errors import StackError, StopRequested
from config.stack.log import StackLog
from config.stack.processes.children import Guard, start_child
from config.stack.product.demo import render_banner
from config.stack.product.environment import product_environment, without_exports
from config.stack.product.programs import PROJECT, Product, product_programs
from config.stack.product.shell import write_exports
from config.stack.servers.embedded import Servers

READY_LIMIT_SECONDS = 180.0  # An idle laptop needs 5 s, one that compiles something at the same time 80 s.
WATCH_SECONDS = 0.2


class Supervisor:
    """One run of the stack, on one data folder and one port."""

    def __init__(self, data: Path, host: str, port: int, log: StackLog) -> None:
        self._data = data
        self._host = host
        self._port = port
        self._log = log
        self._stop_requests = 0
        self._woken = threading.Event()
        self._servers: Servers | None = None
        self._product: Product | None = None

    @property
    def base_url(self) -> str:
        """The web process's URL for a browser on this machine."""
        return f"http://{'localhost' if self._is_local else self._host}:{self._port}"

    def run(self) -> int:
        """Return the exit code: 0 after Ctrl-C or SIGTERM, 1 if the stack could not start or a server died."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._request_stop)
        layout = open_layout(self._data)
        with hold_lock(layout.lock) as lock_descriptor:
            guard = Guard(lock_descriptor=lock_descriptor)
            # Scripts wait for demo.json, so it exists only while the stack is ready, however the stack ends.
            guard.remove(layout.demo)
            guard.remove(layout.environment)
            if not layout.sockets.is_relative_to(layout.data):
                guard.remove(layout.sockets)
            try:
                return self._run_guarded(layout, guard)
            finally:
                self._stop()
                guard.dismiss()

    def _run_guarded(self, layout: Layout, guard: Guard) -> int:
        try:
            self._start(layout, guard)
            self._watch()
        except StopRequested:
            return 0
        except StackError as error:
            # Ctrl-C in a terminal also ends `initdb`; that failure is not an error.
            if self._stop_requests:
                return 0
            self._log.alarm(str(error))
            return 1

    def _start(self, layout: Layout, guard: Guard) -> None:
        started_at_seconds = time.monotonic()
        for left_by_a_crash in (layout.demo, layout.environment):
            left_by_a_crash.unlink(missing_ok=True)
        self._check_port()
        keys = keep_keys(layout.keys)
        base = without_exports(os.environ)
        environment = product_environment(base, keys, data=layout.data, public_base_url=self.base_url)
        if self._log.is_coloured:
            environment.setdefault("FORCE_COLOR", "1")
        self._servers = Servers(layout, guard, self._log.line, pause=self._pause)
        self._log.say("starting the database and the broker")
        environment = self._servers.start(environment)
        self._log.say("preparing the database")
        seed = self._prepare(layout, environment, guard)
        layout.beat_schedule.parent.mkdir(exist_ok=True)
        programs = product_programs(self._host, self._port, layout.beat_schedule)
        self._product = Product(programs, environment, guard, self._log)
        self._log.say(f"starting {', '.join(program.name for program in programs)}")
        self._product.start()
        self._await_readiness()
        demo = {"baseUrl": self.base_url, **seed}
        write_exports(layout.environment, environment, demo)
        write_private(layout.demo, demo)
        self._log.say(f"ready after {time.monotonic() - started_at_seconds:.1f} s")
        self._log.show(render_banner(demo, layout.demo))

    def _check_port(self) -> None:
        """Raise StackError if another program listens on the port. Called before anything slow starts."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                raise StackError(
                    f"cannot listen on {self._host}:{self._port}: {error.strerror}."
                    f" Take another port: make run PORT={self._port + 1}"
                ) from error

    def _prepare(self, layout: Layout, environment: dict[str, str], guard: Guard) -> dict[str, Any]:
        """Migrate and seed the database; return the seed's JSON."""
        seed_file = layout.data / "seed.json"
        command = [sys.executable, "-m", "config.stack.prepare", str(seed_file)]
        child = start_child("prepare", command, environment, guard, folder=PROJECT)
        child.pass_lines_to(self._log.line)
        try:
            while child.is_running:
                self._pause(0.02)
        finally:
            child.kill_group()
        if child.reap() != 0:
            raise StackError("migrating or seeding the database failed; the log above says why.")
        seed: dict[str, Any] = json.loads(seed_file.read_text())
        seed_file.unlink()
        return seed

    def _await_readiness(self) -> None:
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        while not self._is_ready():
            self._require_product().require_all()
            if time.monotonic() > deadline:
                raise StackError(f"{self.base_url}/readyz did not answer 200 within {READY_LIMIT_SECONDS:.0f} s.")
            self._pause(0.5)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1" if self._is_local else self._host, self._port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _watch(self) -> NoReturn:
        """Watch until the stack is stopped or a server dies, without which the product cannot work."""
        while True:
            for child in self._servers.children if self._servers else []:
                if not child.is_running:
                    raise StackError(f"{child.name} died with code {child.process.returncode}; stopping everything.")
            self._require_product().tend()
            self._pause(WATCH_SECONDS)

    def _stop(self) -> None:
        self._log.say("stopping")
        if self._product:
            self._product.stop(self._is_hurried)
        if self._servers:
            self._servers.stop(self._is_hurried)
        self._log.say("stopped")

    def _require_product(self) -> Product:
        assert self._product is not None
        return self._product

    @property
    def _is_local(self) -> bool:
        return self._host in ("127.0.0.1", "0.0.0.0", "localhost", "::", "::1")  # noqa: S104 - compared, not bound

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_requests += 1
        self._woken.set()

    def _is_hurried(self) -> bool:
        """Whether Ctrl-C was pressed twice: then everything ends at once, and the next start repairs the data."""
        return self._stop_requests > 1

    def _pause(self, seconds: float) -> None:
        """Sleep. Raises StopRequested as soon as a stop is requested."""
        if self._woken.wait(seconds):
            raise StopRequested
