"""The product's own processes: web, workers and beat. A process that dies is restarted."""

import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.stack.errors import StackError
from config.stack.log import StackLog
from config.stack.processes.children import Child, Guard, start_child, wait_for_end

PROJECT = Path(__file__).resolve().parents[3]
# A worker that stops first finishes its current provider call.
STOP_LIMIT_SECONDS = 12.0
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
# A process that ran this long counts as healthy: its next restart waits only the first delay.
HEALTHY_SECONDS = 60.0
# Each worker with its queues. Servers of others may be slow: what is sent to them has a worker of its own.
WORKERS = ("urgent=urgent,system", "all=normal,bulk,urgent,system", "events=events")
# Gossip and mingle look for other workers; waiting for them cost a second per start.
WORKER_OPTIONS = ("--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass(frozen=True)
class Program:
    """A command of the product, and its environment beyond the common settings."""

    name: str
    command: list[str]
    settings: dict[str, str] = field(default_factory=dict)


def product_programs(host: str, port: int, beat_schedule: Path) -> list[Program]:
    """Return the programs in the order in which they are stopped: first those that make work, then those that do it."""
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"{host}:{port}"]
    gunicorn += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload", "--no-control-socket"]
    gunicorn += ["--graceful-timeout", "5", "--log-level", "warning"]
    beat = [sys.executable, "-m", "celery", "--quiet", "--app", "config.beat", "beat"]
    # Hides Celery's long warning about running as root.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    return [
        Program("web", gunicorn, {"DATABASE_POOL": "1"}),
        Program("beat", [*beat, "--schedule", str(beat_schedule)]),
        Program("workers", [sys.executable, "-m", "config.stack.product.forked_workers", *WORKERS], quiet),
    ]


class Product:
    """The running programs. Call `tend` a few times a second."""

    def __init__(self, programs: list[Program], environment: Mapping[str, str], guard: Guard, log: StackLog) -> None:
        self._programs = {program.name: program for program in programs}
        self._environment = environment
        self._guard = guard
        self._log = log
        self._children: dict[str, Child] = {}
        self._delays_seconds: dict[str, float] = {}
        self._due_at_seconds: dict[str, float] = {}

    def start(self) -> None:
        for name in self._programs:
            self._start(name)

    def require_all(self) -> None:
        """Raise StackError if a program has ended. Until the stack is ready nothing is restarted: it is a fault."""
        for name, child in self._children.items():
            if not child.is_running:
                raise StackError(f"{name} ended with code {child.reap()} while starting; its log above says why.")

    def tend(self) -> None:
        """Reap and report programs that died, and restart each after a delay that doubles while it keeps dying."""
        now = time.monotonic()
        for name, child in list(self._children.items()):
            if not child.is_running:
                del self._children[name]
                delay = self._next_delay_seconds(name, now - child.started_at_seconds)
                self._due_at_seconds[name] = now + delay
                self._log.alarm(f"{name} died with code {child.reap()}; starting it again in {delay:.0f} s")
        for name, due_at in list(self._due_at_seconds.items()):
            if now >= due_at:
                del self._due_at_seconds[name]
                self._start(name)

    def stop(self, is_hurried: Callable[[], bool]) -> None:
        children = [self._children[name] for name in self._programs if name in self._children]
        for child in children:
            child.send(signal.SIGTERM)
        wait_for_end(children, STOP_LIMIT_SECONDS, is_hurried)
        self._children.clear()

    def _start(self, name: str) -> None:
        program = self._programs[name]
        environment = {**self._environment, **program.settings}
        child = start_child(name, program.command, environment, self._guard, folder=PROJECT)
        child.pass_lines_to(self._log.line)
        self._children[name] = child

    def _next_delay_seconds(self, name: str, ran_seconds: float) -> float:
        last = self._delays_seconds.get(name, 0.0)
        delay = FIRST_DELAY_SECONDS if ran_seconds > HEALTHY_SECONDS or not last else last * 2
        self._delays_seconds[name] = min(delay, LONGEST_DELAY_SECONDS)
        return self._delays_seconds[name]
