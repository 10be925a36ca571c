"""Answers of providers are read to a limit, whatever they decompress to."""

import gzip
import resource
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from channels.providers.http_connections import BODY_MAX_BYTES, open_pool, read_body


@contextmanager
def answering(head: bytes, body: bytes) -> Generator[str]:
    """Run a server that gives one answer to one request."""

    def serve(listener: socket.socket) -> None:
        connection = listener.accept()[0]
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(b"HTTP/1.1 500 Error\r\n" + head + b"\r\n\r\n" + body)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass
            except OSError:
                pass  # the client has stopped reading

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def read(url: str) -> bytes:
    pool = open_pool(1)
    body = read_body(pool.request("POST", url, body=b"x", retries=False, preload_content=False))
    pool.clear()
    return body


def bomb(size: int) -> bytes:
    """Return gzip of gzip-friendly zeros: a thousandth of the size."""
    return gzip.compress(bytes(size), 9)


def test_a_body_that_decompresses_to_400_megabytes_costs_64_kilobytes() -> None:
    content = bomb(400_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with answering(b"Content-Encoding: gzip\r\nContent-Length: %d" % len(content), content) as url:
        assert read(url) == bytes(BODY_MAX_BYTES)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


@pytest.mark.parametrize(
    ("head", "content", "body"),
    [
        (b"Content-Length: 5", b"hello", b"hello"),
        (b"Content-Length: 200000", b"x" * 200_000, b"x" * BODY_MAX_BYTES),
        (b"Content-Encoding: gzip", gzip.compress(b"hello", mtime=0), b"hello"),
        (b"Content-Encoding: gzip", b"no gzip at all", b""),
        (b"Content-Length: 99", b"cut short", b""),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"Transfer-Encoding: chunked", b"5\r\nhel", b""),
    ],
)
def test_a_body_is_read_to_the_limit_and_a_broken_one_is_empty(head: bytes, content: bytes, body: bytes) -> None:
    with answering(head, content) as url:
        assert read(url) == body
