"""`distributor doctor` names what is wrong, and what to do about it."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection
from pytest_django import Settings

from channels.models import Pace, ProviderAccount
from contacts.channel import Channel
from distributor.command_line.doctor import database, installation, processes
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.sweep import SWEEP
from distributor.models import Heartbeat
from tests.command_line.conftest import Run
from tests.support.api.brokers import broker_at, socket_path

pytestmark = pytest.mark.usefixtures("defaults")


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What workers answer; empty at first. A real one answers in tests/stack/test_run.py."""
    answers: dict[str, Any] = {}
    monkeypatch.setattr(processes, "ask_workers", lambda: answers)
    return answers


def found(run: Run, *options: str) -> dict[str, tuple[str, str, str]]:
    """Return the verdict, the text and the remedy of each check, and check the exit code."""
    answer = run("doctor", "--json", *options)
    findings = answer.document["findings"]
    assert answer.code == int(any(each["verdict"] == "fail" for each in findings))
    assert all(each["remedy"] for each in findings if each["verdict"] != "ok")
    return {each["what"]: (each["verdict"], each["text"], each["remedy"]) for each in findings}


def test_a_whole_installation_is_ok(
    run: Run, workers: dict[str, Any], settings: Settings, accounts: dict[Channel, ProviderAccount]
) -> None:
    settings.PUBLIC_BASE_URL = "https://surveys.example.com"
    Heartbeat.objects.create(name=SWEEP, beat_at=database_now())
    workers["all@host"] = [{"name": name} for name in ("urgent", "normal", "bulk", "system", "events")]
    verdicts = {what: verdict for what, (verdict, _text, _remedy) in found(run).items()}
    expected = {"database", "migrations", "clock", "settings", "beat", "broker", "workers"}
    expected |= {f"account {account.name}" for account in accounts.values()}
    assert {verdicts[what] for what in expected} == {"ok"}
    assert "fail" not in verdicts.values()
    assert run("doctor").code == 0


def test_a_stopped_database_fails_and_the_rest_is_still_looked_at(
    run: Run, monkeypatch: pytest.MonkeyPatch, workers: dict[str, Any]
) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused\nIs the server running?")

    workers["all@host"] = [{"name": name} for name in ("urgent", "normal", "bulk", "system", "events")]
    with monkeypatch.context() as patch:
        patch.setattr(connection, "ensure_connection", refuse)
        findings = found(run)
    assert findings["database"][:2] == ("fail", "It does not answer: connection refused.")
    assert (findings["broker"][0], findings["workers"][0]) == ("ok", "ok")
    assert "beat" not in findings


def test_a_stopped_broker_fails_and_workers_cannot_be_asked(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket_path() as path, broker_at(f"unix://{path}", settings, monkeypatch):
        findings = found(run, "--offline")
    assert findings["broker"][0] == "fail"
    assert "Start it" in findings["broker"][2]
    assert "workers" not in findings


def test_missing_workers_and_a_silent_beat_fail(run: Run, workers: dict[str, Any]) -> None:
    findings = found(run, "--offline")
    assert findings["workers"][:2] == ("fail", "None answered within 3 s.")
    assert "--queues urgent,normal,bulk,system,events" in findings["workers"][2]
    assert findings["beat"][:2] == ("fail", "There was no sign of it yet.")
    Heartbeat.objects.create(name=SWEEP, beat_at=database_now() - timedelta(minutes=5))
    workers["urgent@host"] = [{"name": "urgent"}, {"name": "system"}]
    findings = found(run, "--offline")
    assert findings["workers"][:2] == ("fail", "No worker takes the queues normal, bulk, events.")
    assert findings["beat"][1] == "Its last sign is 300 s old."


def test_a_broker_that_goes_away_while_workers_are_asked_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise redis.exceptions.TimeoutError

    monkeypatch.setattr(processes, "ask_workers", fail)
    assert found(run, "--offline")["workers"][:2] == ("fail", "They could not be asked: TimeoutError.")


def test_a_closed_account_and_one_that_cannot_send_fail(run: Run, accounts: dict[Channel, ProviderAccount]) -> None:
    email, sms = accounts[Channel.EMAIL], accounts[Channel.SMS]
    Pace.objects.update_or_create(
        account=email, defaults={"broken_because": "401 Unauthorized", "failing_since": database_now()}
    )
    ProviderAccount.objects.filter(pk=sms.pk).update(kind="twilio")
    findings = found(run)
    verdict, text, remedy = findings[f"account {email.name}"]
    assert (verdict, "401 Unauthorized" in text, "save it" in remedy) == ("fail", True, True)
    assert findings[f"account {sms.name}"][0] == "fail"
    assert found(run, "--offline").keys().isdisjoint(findings.keys() & {f"account {email.name}"})


def test_a_clock_that_is_off_and_a_full_disk_are_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Any
) -> None:
    settings.JOURNAL_FOLDER = str(tmp_path)
    monkeypatch.setattr(database, "database_now", lambda: database_now() + timedelta(seconds=90))
    monkeypatch.setattr(installation, "FAIL_FREE_BYTES", 2**70)
    findings = found(run, "--offline")
    assert findings["clock"][0] == "fail"
    assert findings["disk of the journal"][0] == "fail"


def test_settings_that_are_unsafe_in_production_are_warned_of(run: Run, settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "http://surveys.example.com"
    settings.SANDBOX_OPEN, settings.ALLOWED_PROVIDER_HOSTS = True, ["*"]
    findings = found(run, "--offline")
    for what in ("PUBLIC_BASE_URL", "SANDBOX_OPEN", "ALLOWED_PROVIDER_HOSTS", "REQUIRE_SECOND_FACTOR"):
        assert findings[what][0] == "warn"


def test_migrations_that_are_missing_fail(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "count_missing_migrations", lambda: 3)
    findings = found(run)
    assert findings["migrations"] == ("fail", "3 are not applied.", "Run `python manage.py migrate`.")
    assert "beat" not in findings


@pytest.mark.parametrize("option", [(), ("--offline",)])
def test_a_wrong_organization_is_named_before_anything_is_checked(run: Run, option: tuple[str, ...]) -> None:
    answer = run("doctor", "--organization", "umbrella", *option)
    assert (answer.code, answer.text) == (2, "")
    assert "There is no organisation “umbrella”" in answer.faults
