"""The clients: a few threads with prebuilt bodies on kept connections, which leave the cores to the server."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

JobT = TypeVar("JobT")
CLIENTS = 4


@dataclass(frozen=True)
class Load:
    """The result of a run of calls. `seconds` ends with the last response."""

    calls: int
    seconds: float

    def __add__(self, other: "Load") -> "Load":
        return Load(self.calls + other.calls, self.seconds + other.seconds)

    def per_second(self, call_size: int) -> float:
        return self.calls * call_size / self.seconds


class Caller:
    """A kept connection to the web server."""

    def __init__(self, port: int, api_key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._headers = {"x-api-key": api_key, "Content-Type": "application/json"}

    def post(self, path: str, body: bytes) -> None:
        """Post a body. Raises RuntimeError for a response that is not a success."""
        self._call("POST", path, body)

    def get(self, path: str) -> bytes:
        """Return the response's body. Raises RuntimeError for a response that is not a success."""
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:500]!r}")
        return text


def run_in_parallel(workers: Sequence[Callable[[JobT], None]], jobs: Sequence[JobT], limit_seconds: float) -> Load:
    """Let each worker take the next job until none is left or the time limit is reached."""
    lock = threading.Lock()
    waiting = iter(jobs)
    started_at_seconds = time.perf_counter()

    def work(do: Callable[[JobT], None]) -> int:
        count = 0
        while time.perf_counter() - started_at_seconds < limit_seconds:
            with lock:
                job = next(waiting, None)
            if job is None:
                break
            do(job)
            count += 1
        return count

    with ThreadPoolExecutor(len(workers)) as pool:
        calls = sum(pool.map(work, workers))
    return Load(calls, time.perf_counter() - started_at_seconds)
