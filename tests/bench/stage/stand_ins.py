"""The stand-ins for providers, each in a process of its own, so that they take no time from a scenario's processes."""

import http.client
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from tests.bench.stage.clients import CLIENTS, run_in_parallel
from tests.support.standins.sendgrid import SendGridStandIn
from tests.support.standins.server import Fault, Request
from tests.support.standins.twilio import TwilioStandIn

KINDS: Mapping[str, type[SendGridStandIn] | type[TwilioStandIn]] = {
    "sendgrid": SendGridStandIn,
    "twilio": TwilioStandIn,
}
STOP_SECONDS = 10.0
CEILING_LIMIT_SECONDS = 30.0


@dataclass(frozen=True)
class Record:
    """What a stand-in received. `copies` counts the messages accepted for each address."""

    requests: int
    faults: Mapping[Fault, int]
    copies: Mapping[str, int]
    last_request: Request | None

    @property
    def doubles(self) -> int:
        """Messages beyond the first of each address."""
        return sum(self.copies.values()) - len(self.copies)


class Peer:
    """A stand-in in another process."""

    def __init__(self, url: str, pipe: "Connection[None, Record]") -> None:
        self.url = url
        self._pipe = pipe

    def record(self) -> Record:
        self._pipe.send(None)
        return self._pipe.recv()


@contextmanager
def peer_running(kind: str, next_faults: Sequence[Fault | None] = (), **options: Any) -> Iterator[Peer]:
    """Run a stand-in until the block ends. `options` are those of StandIn."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(kind, tuple(next_faults), options, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Peer(ours.recv(), ours)
    finally:
        ours.close()
        process.join(STOP_SECONDS)


def _serve(
    kind: str, next_faults: Sequence[Fault | None], options: Mapping[str, Any], pipe: "Connection[Any, Any]"
) -> None:
    """Run in the process: send the address, then a record for every request, until the pipe closes."""
    peer = KINDS[kind](**options)
    peer.next_faults.extend(next_faults)
    with suppress(EOFError), peer.running():
        pipe.send(peer.url)
        while True:
            pipe.recv()
            with peer.lock:
                copies = Counter(peer.recipients)
                pipe.send(Record(peer.requests, dict(peer.faults), copies, peer.last_request))


def measure_ceiling(kind: str, request: Request, count: int) -> float:
    """Return the messages/s that a stand-in manages by itself: one repeated request, without latency or faults."""
    with peer_running(kind) as peer:
        repeaters = [_Repeater(peer.url) for _ in range(CLIENTS)]
        load = run_in_parallel([repeater.repeat for repeater in repeaters], [request] * count, CEILING_LIMIT_SECONDS)
        return sum(peer.record().copies.values()) / load.seconds


class _Repeater:
    """A kept connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def repeat(self, request: Request) -> None:
        self._connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = self._connection.getresponse()
        answer.read()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"the stand-in answered {answer.status} to what it had taken before")
