"""The base of all HTTP stand-ins: a server on a free port that counts requests and fails on demand.

A vendor's stand-in (sendgrid.py, twilio.py) subclasses StandIn. It answers requests (`take`) and words
the vendor's errors (`word_fault`). Connections, latency, resets and counting are here:

    with SendGridStandIn(latency_seconds=0.05, shares={Fault.THROTTLED: 0.02}).running() as peer:
        peer.next_faults.append(Fault.RESET_AFTER)   # for the next request
        ...                                          # talk to peer.url
        assert peer.connections == 1
"""

import socket
import socketserver
import struct
import sys
import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from random import Random
from typing import Any, Self

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


class Fault(StrEnum):
    """Ways in which a request can fail."""

    THROTTLED = "throttled"  # Answered 429, not accepted.
    UNAVAILABLE = "unavailable"  # Answered 503, not accepted.
    LOST_ANSWER = "lost_answer"  # Accepted, but answered 500.
    RESET_BEFORE = "reset_before"  # The connection is reset before the body is read; not accepted.
    RESET_AFTER = "reset_after"  # Accepted, but the connection is reset instead of an answer.
    SILENT = "silent"  # Accepted, but never answered.
    HALF_CLOSED = "half_closed"  # Accepted and answered; then the server closes its side without notice.


@dataclass(frozen=True, slots=True)
class Request:
    """A received request. Header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. The Content-Length header is added."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn(ABC):
    """A vendor's server, on 127.0.0.1 while it is `running()`.

    `latency_seconds` passes before each answer. `next_faults` go wrong one request each, None is for one that goes
    well; when there is none left, `shares` says which part of all requests fails how (drawn from `seed`).
    `on_request` is called, by the connection's thread, as each request begins; `last_request` was read whole.
    """

    def __init__(
        self, *, latency_seconds: float = 0.0, shares: Mapping[Fault, float] | None = None, seed: int = 1
    ) -> None:
        self.latency_seconds = latency_seconds
        self.shares = dict(shares or {})
        self.next_faults: deque[Fault | None] = deque()
        self.requests = 0
        self.connections = 0
        self.faults: Counter[Fault] = Counter()
        self.lock = threading.Lock()
        self.on_request: Callable[[], None] | None = None
        self.has_half_closed = threading.Event()
        self.is_over = threading.Event()
        self.last_request: Request | None = None
        self.breakages: list[BaseException] = []
        self._random = Random(seed)
        self._server: _Server | None = None

    @abstractmethod
    def take(self, request: Request) -> Answer:
        """Process a request and answer as the vendor does. Called for one request at a time."""

    @abstractmethod
    def word_fault(self, fault: Fault) -> Answer:
        """The vendor's answer for THROTTLED (429), UNAVAILABLE (503) and LOST_ANSWER (500)."""

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Generator[Self]:
        """Serve until the block ends. Exceptions inside the stand-in are raised there."""
        self.is_over.clear()
        self._server = _Server(self)
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.is_over.set()
            self._server.shutdown()
            self.cut_connections()
            self._server.server_close()
            thread.join()
        if self.breakages:
            raise self.breakages[0]

    def cut_connections(self) -> None:
        """Close every connection, as servers do with idle clients."""
        assert self._server is not None
        for connection in list(self._server.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def draw_fault(self) -> Fault | None:
        """Return the fault of the request that has just started."""
        if self.on_request:
            self.on_request()
        with self.lock:
            self.requests += 1
            fault = self.next_faults.popleft() if self.next_faults else self._draw_by_share()
            if fault:
                self.faults[fault] += 1
        return fault

    def _draw_by_share(self) -> Fault | None:
        drawn = self._random.random()
        for fault, share in self.shares.items():
            if drawn < share:
                return fault
            drawn -= share
        return None


class _Server(socketserver.ThreadingTCPServer):
    """Uses one thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.stand_in.connections += 1
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close without shutdown(), which would end the connection properly where a reset is wanted."""
        self.open.discard(request)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        # Clients may disconnect at any time.
        if error is not None and not isinstance(error, ConnectionError):
            self.stand_in.breakages.append(error)


class _Conversation(BaseHTTPRequestHandler):
    """Handles the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # Send each answer in one piece.
    server: _Server

    def do_POST(self) -> None:
        peer = self.server.stand_in
        fault = peer.draw_fault()
        if fault is Fault.RESET_BEFORE:
            self._reset()
            return
        answer = self._answer(fault)
        peer.is_over.wait(peer.latency_seconds)
        if fault is Fault.RESET_AFTER:
            self._reset()
        elif fault is Fault.SILENT:
            peer.is_over.wait()
            self.close_connection = True
        else:
            self._send(answer)
        if fault is Fault.HALF_CLOSED:
            self._close_half()

    do_GET = do_DELETE = do_POST  # noqa: N815  http.server finds them by these names

    def log_message(self, *_: Any) -> None:
        """Log nothing: it would mix with pytest's output."""

    def _answer(self, fault: Fault | None) -> Answer:
        peer = self.server.stand_in
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("the client left in the middle of its request")
        request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        with peer.lock:
            peer.last_request = request
            if fault is Fault.THROTTLED or fault is Fault.UNAVAILABLE:
                return peer.word_fault(fault)
            answer = peer.take(request)
            return peer.word_fault(fault) if fault is Fault.LOST_ANSWER else answer

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True

    def _close_half(self) -> None:
        """Read and discard everything that still arrives."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.server.stand_in.has_half_closed.set()
        self.close_connection = True
        while self.rfile.read1(65_536):
            pass
