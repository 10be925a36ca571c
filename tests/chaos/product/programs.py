"""The product's processes: web and beat as `make run` starts them, and two equal workers. All are restarted."""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.stack.processes.children import Child, Guard, start_child
from config.stack.product.programs import PROJECT, WORKER_OPTIONS, Program, product_programs
from tests.chaos.product.patches import ORDERS

RESTART_SECONDS = 0.5
STOP_LIMIT_SECONDS = 40.0
WORKERS = ("worker", "worker-2")
ALL = ("web", "beat", *WORKERS)


class Programs:
    """Starts the programs and restarts each that dies, except those that are switched off."""

    def __init__(self, folder: Path, port: int, environment: Mapping[str, str], guard: Guard) -> None:
        (folder / "beat").mkdir(exist_ok=True)
        programs = product_programs("127.0.0.1", port, folder / "beat" / "schedule")
        self._programs = {program.name: program for program in programs if program.name != "workers"}
        self._programs["worker"] = Program("worker", _WORKER_COMMAND)
        self._folder = folder
        self._environment = environment
        self._guard = guard
        self._patches: dict[str, list[dict[str, Any]]] = {}
        self._wanted: set[str] = set()
        self._children: dict[str, Child] = {}
        self._lock = threading.RLock()
        self._is_over = threading.Event()
        self.add_second("worker")
        threading.Thread(target=self._tend, daemon=True).start()

    def add_second(self, name: str) -> str:
        """Add another program like this one, not yet started. Returns its name."""
        second = f"{name}-2"
        program = self._programs[name]
        command = [part.replace("/schedule", "/schedule-2").replace("@%h", "-2@%h") for part in program.command]
        self._programs[second] = Program(second, command, program.settings)
        return second

    def start(self, *names: str) -> None:
        with self._lock:
            for name in names:
                self._wanted.add(name)
                if name not in self._children:
                    self._start(name)

    def patch(self, name: str, *patches: dict[str, Any]) -> None:
        """Let a program be started through its entry module with these patches, too, from its next start on."""
        self._patches.setdefault(name, []).extend(patches)

    def kill(self, *names: str) -> None:
        """kill -9, children and all. The programs are started again."""
        with self._lock:
            for name in names:
                if name in self._children:
                    self._children[name].kill_group()

    def stop(self, *names: str, is_hurried: bool = False) -> None:
        """End programs, by SIGTERM unless hurried, and do not start them again."""
        with self._lock:
            self._wanted -= set(names)
            children = [self._children.pop(name) for name in names if name in self._children]
        for child in children:
            if is_hurried:
                child.kill_group()
            else:
                child.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_SECONDS
        while any(child.is_running for child in children):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{names} did not end within {STOP_LIMIT_SECONDS:.0f} s of SIGTERM")
            time.sleep(0.02)
        for child in children:
            child.reap()

    def restart(self, *names: str) -> None:
        """Stop by SIGTERM and start again, with what `patch` set meanwhile."""
        self.stop(*names)
        self.start(*names)

    def reset(self) -> None:
        """Start what does not run, without patches, and end what is beyond the usual."""
        changed = [name for name, patches in self._patches.items() if patches]
        self._patches.clear()
        self.stop(*changed, *(self._children.keys() - set(ALL)), is_hurried=True)
        for name in ALL:
            self.signal(name, signal.SIGCONT)
        self.start(*ALL)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program and all of its processes."""
        with self._lock, contextlib.suppress(KeyError, ProcessLookupError):
            os.killpg(self._children[name].process.pid, number)

    def pids(self, name: str) -> list[int]:
        """Return the process ids of a program and its children."""
        with self._lock:
            group = self._children[name].process.pid if name in self._children else 0
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                with contextlib.suppress(OSError):
                    if os.getpgid(int(process.name)) == group:
                        found.append(int(process.name))
        return found

    def close(self) -> None:
        self._is_over.set()
        with contextlib.suppress(RuntimeError):
            self.stop(*self._programs, is_hurried=True)

    def log_of(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _tend(self) -> None:
        while not self._is_over.wait(0.05):
            with self._lock:
                dead = [name for name, child in self._children.items() if not child.is_running]
                for name in dead:
                    self._children.pop(name).reap()
            if dead:
                self._is_over.wait(RESTART_SECONDS)
            with self._lock:
                for name in dead:
                    if name in self._wanted and name not in self._children and not self._is_over.is_set():
                        self._start(name)

    def _start(self, name: str) -> None:
        program, command = self._programs[name], list(self._programs[name].command)
        environment = {**self._environment, **program.settings}
        if patches := self._patches.get(name):
            environment[ORDERS] = json.dumps(patches)
            entries = {"config": _CELERY, "config.beat": _CELERY, "config.wsgi:application": _WEB}
            command = [entries.get(part, part) for part in command]
        with self.log_of(name).open("a") as log:
            self._children[name] = start_child(name, command, environment, self._guard, output=log, folder=PROJECT)


_WORKER_COMMAND = [
    *(sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker"),
    *("--hostname", "all@%h", "--queues", "normal,bulk,urgent,system", *WORKER_OPTIONS),
]
_WEB = "tests.chaos.product.web:application"
_CELERY = "tests.chaos.product.worker"
