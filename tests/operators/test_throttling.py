"""Failed logins are counted by user name and address, behind proxies too."""

import time
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from pytest_django import Settings

from distributor.engine.infrastructure.clock import database_now
from distributor.sign_in import throttling
from distributor.sign_in.client_address import client_address
from distributor.sign_in.expiry import forget_expired_logins

LATER = timedelta(minutes=16)


@pytest.fixture(autouse=True)
def ann(db: None) -> User:
    return User.objects.create_superuser("ann", password="right")


def log_in(name: str, password: str, address: str = "192.0.2.1") -> int:
    """Return the status of a login: 302 succeeded, 200 failed, 429 refused."""
    data = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post("/admin/login/", data).status_code


def test_a_name_is_refused_from_an_address_after_five_failures() -> None:
    assert [log_in("ann", "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert log_in("ann", "right") == 429
    assert log_in("ann", "right", address="192.0.2.2") == 302
    assert log_in("bob", "wrong") == 200
    with time_machine.travel(time.time() + LATER.total_seconds()):
        assert log_in("ann", "right") == 302


def test_a_success_forgets_only_its_own_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an attacker with a login of their own would start anew with each success."""
    monkeypatch.setattr(throttling, "FAILURES_OF_ADDRESS", 6)
    User.objects.create_user("eve", password="eve", is_staff=True)
    assert [log_in(f"user{number}", "guess") for number in range(5)] == [200] * 5
    assert log_in("eve", "eve") == 302
    assert log_in("ann", "guess") == 429


def test_a_name_is_refused_after_many_failures_from_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "FAILURES_OF_NAME", 4)
    assert [log_in("ann", "guess", f"192.0.2.{number}") for number in range(4)] == [200, 200, 200, 429]
    assert log_in("ann", "right", "198.51.100.7") == 429
    assert log_in("bob", "guess", "198.51.100.7") == 200


def test_no_password_is_kept(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        log_in("ann", "my-secret-word")
    kept = str(list(AccessAttempt.objects.values()))
    written = capfd.readouterr().err + caplog.text
    assert "my-secret-word" not in kept + written
    assert "192.0.2.1" in kept
    assert "192.0.2.1" not in written
    assert written.count("login_failed") >= 5
    assert "login_locked" in written
    assert "ann" in written


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),  # anybody can write the header
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "made up, 198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),  # it did not pass both
        (1, "nonsense", None),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_behind_proxies(settings: Settings, count: int, forwarded: str, expected: str | None) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=headers)
    assert client_address(request) == expected


def test_failures_and_sessions_are_deleted_when_they_are_over() -> None:
    assert log_in("ann", "wrong") == 200
    assert log_in("ann", "right", address="192.0.2.2") == 302
    now = database_now()
    assert forget_expired_logins(now) == 0
    assert forget_expired_logins(now + LATER) == 1
    assert not AccessAttempt.objects.exists()
    assert forget_expired_logins(now + timedelta(hours=13)) == 1
    assert not Session.objects.exists()


def test_a_unix_socket_has_no_address() -> None:
    assert log_in("ann", "wrong", address="") == 200
    assert log_in("ann", "right", address="") == 302
