"""A TCP proxy that fails on demand, between the product and a provider, the broker or PostgreSQL."""

import contextlib
import socket
import struct
import threading
import time
from enum import StrEnum
from random import Random

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s
_CHUNK_BYTES = 65_536


class Mode(StrEnum):
    """What the proxy does with connections, open ones included."""

    OPEN = "open"
    DOWN = "down"  # nobody listens, and open connections are closed
    RESET = "reset"  # every connection is reset as soon as the client speaks
    HALF_CLOSED = "half_closed"  # after the first answer the server's side is closed, without notice
    BLACK_HOLE = "black_hole"  # connections are accepted, and nothing is passed on
    ANSWERS_LOST = "answers_lost"  # requests arrive, answers do not
    GARBAGE = "garbage"  # answers are replaced by noise


class Proxy:
    """Listens on a port of 127.0.0.1 that never changes. `target` is a (host, port) or the path of a Unix socket."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._mode = Mode.OPEN
        self.latency_seconds = 0.0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def set(self, mode: Mode) -> None:
        """Change the mode. DOWN and RESET also end the open connections, and so does OPEN after a black hole."""
        was, self._mode = self._mode, mode
        if mode in (Mode.DOWN, Mode.RESET) or was in (Mode.BLACK_HOLE, Mode.ANSWERS_LOST, Mode.GARBAGE):
            self._end_connections(is_reset=mode is not Mode.DOWN)
        if mode is Mode.DOWN and was is not Mode.DOWN:
            # Without a shutdown, the thread in accept() would keep the port.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        elif was is Mode.DOWN and mode is not Mode.DOWN:
            self._listener = self._listen(self.port)

    def close(self) -> None:
        self.set(Mode.DOWN)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            server = self._connect()
        except OSError:
            _reset(client)
            return
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        back = threading.Thread(target=self._pass_answers, args=pair, daemon=True)
        back.start()
        self._pass_requests(client, server)
        back.join()
        with self._lock:
            self._pairs.discard(pair)
        client.close()
        server.close()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, tuple):
            return socket.create_connection(self._target, timeout=None)
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self._target)
        except OSError:
            server.close()
            raise
        return server

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(_CHUNK_BYTES):
                if self._mode is Mode.RESET:
                    _reset(client)
                    break
                if self._mode is not Mode.BLACK_HOLE:
                    server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _pass_answers(self, client: socket.socket, server: socket.socket) -> None:
        noise = Random(1)
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK_BYTES):
                if self.latency_seconds:
                    time.sleep(self.latency_seconds)
                if self._mode in (Mode.BLACK_HOLE, Mode.ANSWERS_LOST):
                    continue
                client.sendall(noise.randbytes(len(data)) if self._mode is Mode.GARBAGE else data)
                if self._mode is Mode.HALF_CLOSED:
                    break
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)

    def _end_connections(self, *, is_reset: bool) -> None:
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    if is_reset:
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                    end.shutdown(socket.SHUT_RDWR)


def _reset(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    client.close()
