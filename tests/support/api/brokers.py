"""Celery applications that speak to brokers of another kind than the real one."""

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
    """Everything that this thread publishes goes to another broker, with the product's own settings otherwise."""
    usual = app_or_default()
    settings.CELERY_BROKER_URL = kombu_url(redis_url)
    other = Celery("other", set_as_current=False)
    other.config_from_object("django.conf:settings", namespace="CELERY")
    other.set_current()
    monkeypatch.setattr(wakeups, "_paused_until", 0.0)
    try:
        yield
    finally:
        usual.set_current()


@contextmanager
def socket_path() -> Iterator[Path]:
    """A path for a unix socket, short enough for one."""
    with tempfile.TemporaryDirectory(prefix="broker-") as folder:
        yield Path(folder) / "socket"


@contextmanager
def silent_listener(path: Path) -> Iterator[socket.socket]:
    """Somebody who takes every connection and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(16)
        yield listener


def visits_given_up(listener: socket.socket) -> int:
    """How many came so far. Each of them asked something and then hung up by itself."""
    count = 0
    listener.setblocking(False)
    while True:
        try:
            visitor, _address = listener.accept()
        except BlockingIOError:
            return count
        with visitor:
            visitor.settimeout(30)
            said = visitor.recv(65_536)
            assert said
            while said:
                said = visitor.recv(65_536)
        count += 1
