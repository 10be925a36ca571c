"""The product on RabbitMQ: a worker is woken by it, and calls are accepted while it hangs or is dead."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from kombu import pools
from pytest_django import Settings
from structlog.testing import capture_logs

from channels.models import SandboxMessage
from config.stack.processes.children import Guard
from distributor.engine.infrastructure import wakeups
from distributor.engine.infrastructure.wakeups import wait_until_sent, wake_lane
from tests.chaos.outside.rabbitmq import RabbitMq, why_no_rabbitmq
from tests.engine.conftest import Send
from tests.stack.running import PROJECT, wait_until
from tests.support.api.brokers import broker_at

pytestmark = [
    pytest.mark.skipif(bool(why_no_rabbitmq()), reason=why_no_rabbitmq() or "it is installed"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    guard = Guard()
    server = RabbitMq(tmp_path_factory.mktemp("rabbitmq"), guard, os.environ)
    try:
        server.start()
        yield server
    finally:
        server.close()
        guard.dismiss()


@pytest.fixture
def published_to(rabbitmq: RabbitMq, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Calls publish to RabbitMQ. Returns its URL."""
    rabbitmq.start()
    pools.reset()  # no connection of an earlier test
    wakeups._producers_of.cache_clear()  # the pools that it has kept are closed now
    url = f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}//"
    with broker_at(url, settings, monkeypatch):
        yield url


@pytest.fixture
def worker(published_to: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker on RabbitMQ and nothing else: without beat, only a wake-up tells it of work, and without Valkey."""
    database = os.environ["DATABASE_URL"].replace("/distributor", f"/{connection.settings_dict['NAME']}", 1)
    environment = os.environ | {"DATABASE_URL": database, "BROKER_URL": published_to, "REDIS_URL": ""}
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "urgent,normal,bulk,system", "-c", "1"]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: b"ready." in (tmp_path / "worker.log").read_bytes(), 60)
        yield worker
    finally:
        worker.terminate()
        worker.wait(60)


@pytest.mark.usefixtures("worker")
def test_a_wake_up_through_rabbitmq_makes_a_worker_send(send: Send) -> None:
    send(3)
    wait_until(lambda: SandboxMessage.objects.count() == 3, 30)


@pytest.mark.parametrize("trouble", ["frozen", "killed"])
def test_a_call_is_accepted_while_the_broker_is_away(
    published_to: str, rabbitmq: RabbitMq, send: Send, trouble: str
) -> None:
    """A new connection to a frozen broker is accepted by the system and never answered."""
    rabbitmq.freeze() if trouble == "frozen" else rabbitmq.kill()
    try:
        with capture_logs() as logged:
            accepted = send(2)
            assert wait_until_sent()
            wake_lane("urgent")  # not tried again for some seconds
    finally:
        rabbitmq.thaw()
    assert accepted.distribution.recipient_count == 2
    assert [line["event"] for line in logged if line["event"] == "hint_lost"] == ["hint_lost"]
