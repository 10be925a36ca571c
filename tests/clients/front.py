"""The way from a client to the stack: a proxy that ends TLS for the published host, and remembers the calls."""

import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.clients.world import HOST

LIMIT_SECONDS = 60
ANSWER_CHARACTERS = 400
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "proxy-connection"}


@dataclass(frozen=True)
class Call:
    """One call of a client. `at` is when it was answered, in seconds since 1970."""

    at: float
    method: str
    path: str
    status: int
    answer: str


class Front:
    """Listens twice: as a proxy for HTTPS, and with TLS from the start for clients that know no proxies."""

    def __init__(self, stack_port: int, certificate: Path) -> None:
        self.calls: list[Call] = []
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        handler = type("Handler", (_Handler,), {"front": self, "stack_port": stack_port, "context": context})
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
        proxy, secure = self._servers
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        self.proxy_port, self.secure_port = proxy.server_port, secure.server_port
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def calls_between(self, started_at: float, ended_at: float) -> list[Call]:
        return [call for call in self.calls if started_at <= call.at <= ended_at]

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front
    stack_port: int
    context: ssl.SSLContext

    def do_CONNECT(self) -> None:
        """Open the tunnel to the published host. No other host is reached: a client never leaves this machine."""
        if self.path != f"{HOST}:443":
            self.send_error(502, f"only {HOST} is here")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.request = self.context.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.close_connection = False

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        stack = HTTPConnection("127.0.0.1", self.stack_port, timeout=LIMIT_SECONDS)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        stack.request(self.command, self.path, body, headers)
        answer = stack.getresponse()
        content = answer.read()
        text = content[:ANSWER_CHARACTERS].decode(errors="replace")
        self.front.calls.append(Call(time.time(), self.command, self.path, answer.status, text))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        stack.close()
        with suppress(OSError):  # a client that gave up
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the table has what matters."""
