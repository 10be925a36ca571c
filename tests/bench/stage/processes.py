"""The processes that a run starts: the web server and the workers."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROCESSES = 2  # Of every scenario's workers.
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class ProcessEndedError(Exception):
    """A process of the run ended early. The message holds the end of its log."""


@contextmanager
def running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[Callable[[], None]]:
    """Run a command in its own process group until the block ends. Yields a check that raises if it ended early."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )

    def check() -> None:
        if process.poll() is not None:
            raise ProcessEndedError(f"{command} ended with {process.returncode}:\n{log.read_text()[-3_000:]}")

    try:
        yield check
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(is_done: Callable[[], bool], check: Callable[[], None], limit_seconds: float = START_SECONDS) -> None:
    """Poll ten times a second. Raises TimeoutError, or whatever `check` raises."""
    deadline = time.monotonic() + limit_seconds
    while not is_done():
        check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done after {limit_seconds:.0f} s")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Return whether a web server answers on a port, with any response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def worker_command(queues: str) -> list[str]:
    """Return the command of a Celery worker with the options of `make run`, and two processes."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker", "--queues", queues]
    return [*celery, "--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle", "--without-heartbeat"]


def beat_command(schedule: Path) -> list[str]:
    """Return the command of Celery beat as `make run` starts it; it requests a sweep every few seconds."""
    return [sys.executable, "-m", "celery", "--quiet", "--app", "config.beat", "beat", "--schedule", str(schedule)]
