"""`python -m config.stack.product.forked_workers NAME=QUEUES...`: a worker for each, all forked from one parent.

The parent loads the product once, and the workers are forked from it, so that they share its memory. `make run` starts
its workers so. In production each is a program of its own, on as many machines as there are (docker-compose.yml).
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final, NoReturn

import celery.apps.worker
import celery.bin.worker
import celery.concurrency.prefork  # noqa: F401  each of the three is loaded before the fork
from celery.signals import worker_process_init

from config.celery import app
from config.garbage_collection import collect_rarely
from config.stack.processes.children import end_with_parent
from config.stack.product.programs import WORKER_OPTIONS

RESTART_SECONDS: Final = 1.0
_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


class ForkedWorkers:
    """Starts the workers, starts each again that dies, and ends when all have ended after SIGTERM."""

    def __init__(self, queues: dict[str, str]) -> None:
        self._queues = queues
        self._names: dict[int, str] = {}
        self._is_stopping = False

    def run(self) -> None:
        for number in _STOPPING:
            signal.signal(number, self._stop)
        for name in self._queues:
            self._start(name)
        while self._names:
            pid, status = os.wait()
            name = self._names.pop(pid)
            if self._is_stopping:
                continue
            code = os.waitstatus_to_exitcode(status)
            print(f"worker {name} died with code {code}; starting it again", file=sys.stderr, flush=True)
            time.sleep(RESTART_SECONDS)
            self._start(name)

    def _start(self, name: str) -> None:
        # Between the fork and the note of its process, a worker could not be told to stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            if not self._is_stopping:
                pid = os.fork()
                if not pid:
                    _work(name, self._queues[name])
                self._names[pid] = name
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True
        for pid in self._names:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGTERM)


def _work(name: str, queues: str) -> NoReturn:
    """Be a worker of these queues until it is stopped."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    sys.exit(app.start(["--quiet", "worker", "--hostname", f"{name}@%h", "--queues", queues, *WORKER_OPTIONS]))


@worker_process_init.connect
def end_with_worker(**_: Any) -> None:
    """Let a pool's process end with its worker: it would wait for work forever."""
    end_with_parent()


def main(arguments: Sequence[str]) -> int:
    app.loader.init_worker()  # loads Django and the tasks
    collect_rarely()
    ForkedWorkers(dict(argument.split("=", 1) for argument in arguments)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
