"""Celery applications that speak to brokers of another kind than the real one."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from celery.app import app_or_default
from pytest_django.fixtures import SettingsWrapper

from config.broker import kombu_url
from distributor.engine import hints


@contextmanager
def broker_at(redis_url: str, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything that this thread publishes goes to another broker, with the product's own settings otherwise."""
    usual = app_or_default()
    settings.CELERY_BROKER_URL = kombu_url(redis_url)
    other = Celery("other", set_as_current=False)
    other.config_from_object("django.conf:settings", namespace="CELERY")
    other.set_current()
    monkeypatch.setattr(hints, "_silent_until", 0.0)
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
        listener.settimeout(30)
        yield listener


def is_given_up(listener: socket.socket) -> bool:
    """Take the next connection; whether its other side, having asked, hung up by itself."""
    visitor, _address = listener.accept()
    with visitor:
        visitor.settimeout(30)
        asked = visitor.recv(65_536)
        rest = asked
        while rest:
            rest = visitor.recv(65_536)
        return bool(asked)
