"""How long a sending call takes while the broker lives, and while it hangs: stopped, its connections open.

Single sends, one after the other, over HTTP. Rounds with a live and with a hung broker take turns. A hung broker delays
a caller most: a dead one refuses at once.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Protocol

import redis

from config.stack.processes.children import Guard
from tests.bench.acceptance.call_sizes import SINGLE_SEND, call_bodies, call_path
from tests.bench.stage.clients import Caller
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.web import Web, web_server
from tests.chaos.outside.rabbitmq import RabbitMq, why_no_rabbitmq

ROUNDS = 6
CALLS_PER_ROUND = 150
WARM_UP_CALLS = 40


class _Broker(Protocol):
    def freeze(self) -> None: ...

    def thaw(self) -> None: ...


@dataclass(frozen=True)
class _Valkey:
    """The Valkey or Redis of the run, on this machine."""

    process_id: int

    def freeze(self) -> None:
        os.kill(self.process_id, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.process_id, signal.SIGCONT)


def measure_hung_broker(stage: Stage, supply: ContactSupply, logs: Path) -> dict[str, float]:
    """(t) Return p50 and p99 in ms with each broker, live and hung, and what the hung one adds to p99.

    RabbitMQ is left out where it is not installed.
    """
    with redis.from_url(os.environ["REDIS_URL"]) as client:
        broker = _Valkey(int(client.info("server")["process_id"]))
    figures = _measure("valkey", broker, {}, stage, supply, logs)
    if not why_no_rabbitmq():
        with _rabbitmq() as rabbitmq:
            address = {"BROKER_URL": f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}//"}
            figures |= _measure("rabbitmq", rabbitmq, address, stage, supply, logs)
    return figures


@contextmanager
def _rabbitmq() -> Iterator[RabbitMq]:
    guard = Guard()
    with TemporaryDirectory() as folder:
        server = RabbitMq(Path(folder), guard, os.environ)
        try:
            server.start()
            yield server
        finally:
            server.close()
            guard.dismiss()


def _measure(
    name: str, broker: _Broker, environment: Mapping[str, str], stage: Stage, supply: ContactSupply, logs: Path
) -> dict[str, float]:
    taken: dict[str, list[float]] = {"live": [], "hung": []}
    with web_server(stage, logs / f"web-with-{name}.log", environment=environment) as web:
        _call(web, stage, supply, WARM_UP_CALLS)
        settle_disk()
        for _ in range(ROUNDS):
            taken["live"] += _call(web, stage, supply, CALLS_PER_ROUND)
            broker.freeze()
            try:
                taken["hung"] += _call(web, stage, supply, CALLS_PER_ROUND)
            finally:
                broker.thaw()
    figures = {}
    for state, seconds in taken.items():
        percentiles = quantiles(seconds, n=100)
        figures[f"{name}_{state}_p50_ms"] = 1_000 * percentiles[49]
        figures[f"{name}_{state}_p99_ms"] = 1_000 * percentiles[98]
    figures[f"{name}_adds_ms"] = figures[f"{name}_hung_p99_ms"] - figures[f"{name}_live_p99_ms"]
    return figures


def _call(web: Web, stage: Stage, supply: ContactSupply, count: int) -> list[float]:
    """Make `count` calls on one connection, and return the seconds of each."""
    caller, path, seconds = Caller(web.port, stage.api_key), call_path(SINGLE_SEND, stage), []
    for body in call_bodies(SINGLE_SEND, web, stage, supply, 1, count):
        began_at = time.perf_counter()
        caller.post(path, body)
        seconds.append(time.perf_counter() - began_at)
    return seconds
