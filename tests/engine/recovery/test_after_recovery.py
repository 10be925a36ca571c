"""What a recovery holds back besides messages, and what the operator sees of it until the release."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from contacts.models import MailingList
from distributor.engine.audience.expand import expand_due
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.status import read_memory_status
from distributor.engine.schedule.recurring import save_recurring, start_due
from distributor.engine.schedule.sweep import sweep
from distributor.models import (
    Distribution,
    Occurrence,
    RecurringDistribution,
    Survey,
)
from distributor.rules.requests import Selection
from tests.engine.conftest import Send, SendTo
from tests.support.engine.restores import finish, set_back, work

pytestmark = pytest.mark.django_db


def test_an_audience_that_was_partly_sent_to_is_paused(
    send_to: SendTo, mailing_list: MailingList, ledger: dict[str, int]
) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))

    def expand_and_send() -> None:
        expand_due(database_now)
        work()

    set_back(expand_and_send)
    work()
    assert len(ledger) == 25
    assert Distribution.objects.get(pk=distribution.pk).paused_at is not None
    finish()
    expand_due(database_now)
    work()
    assert set(ledger.values()) == {1}
    assert f"Distribution {distribution.pk} is paused" in " ".join(read_memory_status(database_now()).sentences)


def test_an_occurrence_that_may_have_been_started_is_not_started(
    survey: Survey, mailing_list: MailingList, send: Send, ledger: dict[str, int]
) -> None:
    now = database_now()
    weekly = RecurringDistribution(
        organization=survey.organization, name="Weekly", survey=survey, mailing_list=mailing_list, cron="* * * * *"
    )
    save_recurring(weekly, now - timedelta(hours=1))
    send(1)
    set_back(work)
    work()
    assert start_due(now) == []
    assert "restored" in Occurrence.objects.get().fault
    weekly.refresh_from_db()
    assert weekly.next_at is not None
    assert weekly.next_at > now


def test_the_operators_command_shows_and_releases(send: Send, ledger: dict[str, int]) -> None:
    send(3)
    set_back(work)
    assert "3 attempts written back" in command("show")
    assert "Nothing has been sent since" in command("show")
    assert "Released" in command("release")
    assert "Nothing is held back." in command("show")


def command(action: str) -> str:
    output = StringIO()
    call_command("recovery", action, stdout=output)
    return output.getvalue()


def test_readyz_says_that_nothing_is_sent_and_stays_ready(send: Send, ledger: dict[str, int]) -> None:
    send(1)
    set_back(work)
    work()
    sweep(database_now(), 2.0)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "recovering")
    assert response.json()["checks"]["memory"].startswith("recovering since")
    assert response.json()["checks"]["journal"] == "ok"
