"""Brokers that fail, for tests of publishing."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from celery.app import app_or_default
from pytest_django import Settings

from config.broker import kombu_url
from distributor.engine.infrastructure import wakeups


@contextmanager
def broker_at(redis_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this thread publish to another broker, with the product's settings otherwise.

    Wake-ups of before and of meanwhile are sent first: one that fails later would pause those of the next test.
    """
    wakeups.wait_until_sent()
    usual = app_or_default()
    settings.CELERY_BROKER_URL = kombu_url(redis_url)
    other = Celery("other", set_as_current=False)
    other.config_from_object("django.conf:settings", namespace="CELERY")
    other.set_current()
    monkeypatch.setattr(wakeups, "_paused_until", 0.0)
    try:
        yield
    finally:
        wakeups.wait_until_sent()
        usual.set_current()


@contextmanager
def socket_path() -> Iterator[Path]:
    """A path that is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="broker-") as folder:
        yield Path(folder) / "socket"


@contextmanager
def silent_listener(path: Path) -> Iterator[socket.socket]:
    """A server that accepts every connection and never answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(16)
        yield listener


def count_abandoned_connections(listener: socket.socket) -> int:
    """Count the connections so far, and check that each client sent something and then closed it."""
    count = 0
    listener.setblocking(False)
    while True:
        try:
            client, _address = listener.accept()
        except BlockingIOError:
            return count
        with client:
            client.settimeout(30)
            received = client.recv(65_536)
            assert received
            while received:
                received = client.recv(65_536)
        count += 1
