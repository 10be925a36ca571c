"""The server is killed while a client waits for its answer, and started again: the client sends exactly once."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import Connect
from django.conf import settings
from django.db import connection, transaction

from distributor.models import Distribution, Recipient
from distributor_client import RetryPolicy
from tests.support.simultaneous import wait_until_blocked

PROJECT = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 60
PATIENT = RetryPolicy(tries=200, first_delay_seconds=0.2, longest_delay_seconds=0.3)
CONTACTS = [{"external_id": f"PAT-{number}", "email": f"p{number}@example.com"} for number in range(3)]


class Server:
    """A gunicorn with this test's database, which can be killed and started again on its port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        database = os.environ["DATABASE_URL"].replace("/distributor", f"/{connection.settings_dict['NAME']}", 1)
        environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL}
        command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{self.port}"]
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket"]
        self._process = subprocess.Popen(
            [*command, "--log-level", "error"], cwd=PROJECT, env=environment, start_new_session=True
        )

    def kill(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        assert self._process.wait() == -signal.SIGKILL, "it had ended before it was killed"

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server never listened")


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    made = Server()
    made.start()
    made.wait_until_it_answers()
    yield made
    made.kill()


@pytest.fixture
def relay(server: Server) -> Iterator[Callable[[Callable[[], None]], int]]:
    """Pass bytes on to the server. At the first byte of its first answer, do something instead of passing it on."""
    listener = socket.create_server(("127.0.0.1", 0))
    events: list[Callable[[], None]] = []

    def answer_back(upstream: socket.socket, caller: socket.socket) -> None:
        try:
            while data := upstream.recv(65536):
                if events:
                    events.pop()()
                    break
                caller.sendall(data)
        except OSError:
            pass
        hang_up(caller)

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            try:
                upstream = socket.create_connection(("127.0.0.1", server.port), 5)
            except OSError:
                caller.close()
                continue
            Thread(target=answer_back, args=(upstream, caller), daemon=True).start()
            Thread(target=pass_on, args=(caller, upstream), daemon=True).start()

    def start(event: Callable[[], None]) -> int:
        events.append(event)
        Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    listener.close()
    assert events == [], "the server never answered"


def pass_on(caller: socket.socket, upstream: socket.socket) -> None:
    try:
        while data := caller.recv(65536):
            upstream.sendall(data)
    except OSError:
        pass
    hang_up(upstream)


def hang_up(connected: socket.socket) -> None:
    """Close also what another thread reads."""
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
    connected.close()


def send(client: Any, ids: dict[str, Any]) -> Any:
    step = {"channel": "email", "provider_ids": [ids["provider"]], "template_id": ids["template"]}
    return client.send(survey=ids["survey"], contacts=CONTACTS, channels=[step])


@pytest.fixture
def ids(transactional_db: None, defaults: None, survey: Any, accounts: Any, templates: Any) -> dict[str, Any]:
    return {"survey": survey.pk, "provider": accounts["email"].pk, "template": templates["email"].pk}


def test_it_was_killed_after_the_commit(
    connect: Connect, server: Server, relay: Any, api_key: str, ids: dict[str, Any]
) -> None:
    """The answer was on its way: the distribution is there, and the repeated call gets the first answer."""

    def kill_and_start() -> None:
        server.kill()
        server.start()

    port = relay(kill_and_start)
    client = connect(f"http://127.0.0.1:{port}", api_key, retry=PATIENT)
    sent = send(client, ids)
    assert Distribution.objects.get().pk == sent.id
    assert Recipient.objects.count() == len(sent.links) == len(CONTACTS)


@pytest.mark.parametrize("connect", ["sync"], indirect=True)
def test_it_was_killed_before_the_commit(connect: Connect, server: Server, api_key: str, ids: dict[str, Any]) -> None:
    """The call was in the middle of its transaction: nothing of it is there, and the repeated call makes it."""
    server.wait_until_it_answers()
    client = connect(f"http://127.0.0.1:{server.port}", api_key, retry=PATIENT)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE distributor_recipient IN EXCLUSIVE MODE")
            answer = pool.submit(send, client, ids)
            wait_until_blocked(1)
            server.kill()
        assert not Distribution.objects.exists()
        server.start()
        sent = answer.result(DEADLINE_SECONDS)
    assert Distribution.objects.get().pk == sent.id
    assert Recipient.objects.count() == len(sent.links) == len(CONTACTS)
