"""gunicorn behind Caddy, configured as documented: clients that are slow or idle stop nobody."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.production.compose import PROJECT
from tests.stack.running import free_port, wait_until

IDLE, SLOW = 200, 50
ANSWER_LIMIT_SECONDS = 5.0
HEAD = (
    b"POST /base/Account/Login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 900000\r\n"
)

pytestmark = pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed (apt install caddy)")


def caddyfile_for_installed_version() -> str:
    """Return our Caddyfile. Debian 12 has Caddy 2.6, which names the buffer otherwise."""
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    major, minor = (int(part) for part in version.removeprefix("v").split(".")[:2])
    text = (PROJECT / "Caddyfile").read_text()
    if (major, minor) >= (2, 7):
        return text
    return re.sub(r"request_buffers (\S+)", r"buffer_requests\n\t\tmax_buffer_size \1", text)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of Caddy, with gunicorn behind it."""
    folder = tmp_path_factory.mktemp("front")
    (folder / "Caddyfile").write_text(caddyfile_for_installed_version())
    web, port = free_port(), free_port()
    environment = os.environ | {"BIND": f"127.0.0.1:{web}", "WEB_PROCESSES": "1", "WEB_THREADS": "4"}
    environment |= {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}", "UPSTREAM": f"127.0.0.1:{web}", "HOME": str(folder)}
    environment["CADDY_ADMIN"] = f"unix/{folder}/admin"
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi:application"]
    commands = [gunicorn, ["caddy", "run", "--config", str(folder / "Caddyfile")]]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log) for command in commands
        ]
    try:
        wait_until(lambda: status_of(port) == 200, 60)
        yield port
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def status_of(port: int, path: str = "/healthz") -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWER_LIMIT_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_idle_and_slow_connections_stop_nobody(front: int) -> None:
    with ExitStack() as connections:
        for number in range(IDLE + SLOW):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", front), 10))
            if number >= IDLE:
                connection.sendall(HEAD + b'\r\n{"' + b"a" * 100_000 if number % 2 else HEAD)
        assert [status_of(front) for _ in range(5)] == [200] * 5


def test_a_body_that_is_too_large_is_refused_in_the_apis_own_words(front: int) -> None:
    # gunicorn answers and closes while Caddy still writes. Caddy rarely loses the answer with the connection: 502.
    refusals = (refuse_large_body(front) for _ in range(5))
    status, content_type = next((status, kind) for status, kind in refusals if status != 502)
    assert (status, content_type) == (401, "application/json")  # it has no key, either


def refuse_large_body(front: int) -> tuple[int, str | None]:
    body = b'{"email": "' + b"a" * (11 * 1024 * 1024) + b'"}'
    request = urllib.request.Request(f"http://127.0.0.1:{front}/API/v3/mailinglists", body, method="POST")
    request.add_header("Content-Type", "application/json")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    return refused.value.code, refused.value.headers["Content-Type"]


def test_the_proxy_compresses_and_says_what_it_is_asked_over(front: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{front}/api/schema", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
