"""Trouble that lasts for hours, in virtual time: nobody fails because of a provider.

30 people in 3 distributions: with 100 in 10 everything is the same and takes three times as long.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.account_state.buckets import break_account
from channels.models import Pace, ProviderAccount, SandboxMessage
from channels.providers.base import Message, Outcome, Result, Scope
from channels.providers.smtp.replies import Stage
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Decision, Recipient
from tests.engine.conftest import Send
from tests.support.engine.outages import (
    REFUSED_CONNECTION,
    Clock,
    Troubled,
    end_trouble,
    first_and_last_sent_at,
    outcomes,
    reply,
    send_three_times,
    troubled,
)
from tests.support.engine.people import timeline_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("troubled_kind")]

Accounts = dict[Channel, ProviderAccount]
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


LAST: dict[str, tuple[Result, timedelta]] = {
    "connection refused, 1 h": (REFUSED_CONNECTION, HOUR),
    "connection refused, 24 h": (REFUSED_CONNECTION, 24 * HOUR),
    "451 at MAIL, 1 h": (reply("451 4.3.0 Later", Stage.MAIL), HOUR),
    "454 rate, 1 h": (reply("454 4.7.0 Throttling failure: Maximum sending rate exceeded.", Stage.CONTENT), HOUR),
    "454 daily quota, 12 h": (
        reply("454 4.7.0 Throttling failure: Daily message quota exceeded.", Stage.MAIL),
        12 * HOUR,
    ),
    "554 relay denied, 1 h": (reply("554 5.7.1 <x>: Relay access denied", Stage.RCPT), HOUR),
    "550 daily limit, 1 h": (reply("550 5.4.5 Daily sending limit exceeded", Stage.RCPT), HOUR),
    "421 at MAIL, 1 h": (reply("421 4.7.0 Too fast", Stage.MAIL), HOUR),
    "535 at AUTH, 24 h": (reply("535 5.7.8 Credentials invalid", Stage.CONNECT), 24 * HOUR),
    "451 at RCPT, 1 h": (reply("451 4.3.0 Later", Stage.RCPT), HOUR),
    "SendGrid 503, 1 h": (Result(Outcome.TRANSIENT, code="503", scope=Scope.ACCOUNT), HOUR),
}
# How often the provider may be called during the trouble.
CALLS = {
    "421 at MAIL, 1 h": 40,
    "454 rate, 1 h": 40,
    "535 at AUTH, 24 h": 130,
    "454 daily quota, 12 h": 15,
    "550 daily limit, 1 h": 3,
}


@pytest.fixture
def stand_in(organization: Organization, first: ProviderAccount) -> ProviderAccount:
    first.stand_in = ProviderAccount.objects.create(
        organization=organization, name="Stand-in", kind="sandbox", channel="email", from_email="second@acme.example"
    )
    first.save(update_fields=["stand_in"])
    return first.stand_in


@pytest.mark.parametrize("name", LAST)
def test_alone_everybody_waits_and_is_sent_to_when_it_is_over(send: Send, first: ProviderAccount, name: str) -> None:
    result, duration = LAST[name]
    troubled(first, result)
    start = send_three_times(send)
    clock = Clock(start)
    if result.scope is Scope.ROUTE or duration > HOUR:
        # Every probe of 24 hours would take minutes of real time: the hours between are slept through.
        clock.run_until(start + 3 * MINUTE)
        clock.sleep_until(start + duration - MINUTE)
    clock.run_until(start + duration)
    assert outcomes() == {"waiting": 30}
    assert Troubled.calls <= CALLS.get(name, 200)
    end_trouble()
    clock.run_for(24 * HOUR)
    assert outcomes() == {"sent": 30}
    assert SandboxMessage.objects.count() == 30
    if result.scope is not Scope.RECIPIENT:
        assert not Attempt.objects.exclude(state="sent").exists()
        assert set(Recipient.objects.values_list("attempt_count", flat=True)) == {1}
    last = first_and_last_sent_at()[1]
    assert last is not None
    if result.scope is Scope.ROUTE:
        assert last - (start + duration) <= 30 * SECOND
    # One sentence a person and outage, not one a probe.
    assert Decision.objects.count() <= 90


@pytest.mark.parametrize("name", LAST)
def test_a_stand_in_takes_over_within_seconds(
    send: Send, first: ProviderAccount, stand_in: ProviderAccount, name: str
) -> None:
    troubled(first, LAST[name][0])
    start = send_three_times(send)
    Clock(start).run_until(start + 20 * SECOND)
    assert outcomes() == {"sent": 30}
    begun_at = first_and_last_sent_at()[0]
    assert begun_at is not None
    assert begun_at - start <= 6 * SECOND if "421" in name or "rate" in name else begun_at - start <= 5 * SECOND
    assert SandboxMessage.objects.filter(provider_account_id=stand_in.pk).count() == 30


def test_the_first_message_leaves_by_the_stand_in_at_once(
    send: Send, first: ProviderAccount, stand_in: ProviderAccount
) -> None:
    """Workers look every 2 s for what is due: each wait of a second could become three."""
    troubled(first, REFUSED_CONNECTION)
    send(1)
    start = database_now()
    Clock(start).run_until(start + SECOND / 2)
    assert outcomes() == {"sent": 1}


def test_what_was_taken_and_answered_500_is_not_sent_to_everybody_twice(send: Send, first: ProviderAccount) -> None:
    troubled(first, Result(Outcome.UNKNOWN, code="500", detail="Internal error", scope=Scope.ACCOUNT))
    Troubled.taken_anyway = True
    start = send_three_times(send, calls=10)
    clock = Clock(start)
    clock.run_until(start + HOUR)
    taken = SandboxMessage.objects.count()
    assert taken <= 25  # the first call's ten, two more until the breaker opens, and the probes of an hour
    assert outcomes()["waiting"] >= 75
    end_trouble()
    clock.run_for(6 * HOUR)
    assert SandboxMessage.objects.count() <= 100 + taken
    assert outcomes().get("failed", 0) == 0
    assert outcomes()["sent"] >= 90


def test_a_relay_that_fails_in_mid_batch_keeps_the_rest(send: Send, first: ProviderAccount) -> None:
    taken: list[str] = []

    def after_five(message: Message) -> Result | None:
        if len(taken) >= 5:
            return REFUSED_CONNECTION
        taken.append(message.to)
        return None

    troubled(first, after_five)
    start = send_three_times(send)
    clock = Clock(start)
    clock.run_for(MINUTE)
    assert outcomes() == {"sent": 5, "waiting": 25}
    end_trouble()
    clock.run_for(MINUTE)
    assert outcomes() == {"sent": 30}
    assert SandboxMessage.objects.count() == 30


def test_tries_count_per_step_and_not_per_journey(send: Send, accounts: Accounts) -> None:
    full = reply("452 4.2.2 mailbox full", Stage.RCPT)
    troubled(accounts[Channel.EMAIL], full)
    accounts[Channel.SMS].kind = "troubled"
    accounts[Channel.SMS].save(update_fields=["kind"])
    send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    start = database_now()
    clock = Clock(start)
    clock.run_for(28 * HOUR)
    channels = list(Attempt.objects.order_by("number").values_list("channel", flat=True))
    assert channels.count("email") >= 10
    assert channels.count("sms") >= 8  # the SMS has a schedule of its own
    assert outcomes() == {"failed": 1}


def test_an_address_that_does_not_exist_fails_and_is_suppressed(send: Send, first: ProviderAccount) -> None:
    missing = reply("550 5.1.1 No such user", Stage.RCPT)
    troubled(first, lambda message: missing if message.to == "person3@example.com" else None)
    clock = Clock(send_three_times(send))
    clock.run_for(SECOND)
    assert outcomes() == {"sent": 29, "failed": 1}
    assert list(Suppression.objects.values_list("channel", "address", "reason")) == [
        ("email", "person3@example.com", "bounce")
    ]


def test_a_person_reads_which_account_they_wait_for(send: Send, first: ProviderAccount) -> None:
    troubled(first, REFUSED_CONNECTION)
    accepted = send(1)
    start = database_now()
    Clock(start).run_until(start + 3 * MINUTE)
    sentences = [decision.sentence(timeline_of(accepted).zone) for decision in timeline_of(accepted).decisions]
    assert len(sentences) == 1
    assert "has not worked since" in sentences[0]
    assert first.name in sentences[0]


def test_who_was_never_handed_over_reads_it_too(send: Send, first: ProviderAccount) -> None:
    break_account(first.pk, "refused", database_now())
    accepted = send(1)
    Clock(database_now()).run_for(SECOND)
    timeline = timeline_of(accepted)
    assert not Decision.objects.exists()
    [decision] = timeline.decisions
    assert (decision.kind, decision.reason, decision.until) == ("deferred", "account_unavailable", timeline.due_at)
    assert f"“{first.name}” has not worked since" in decision.sentence(timeline.zone)


@pytest.mark.parametrize("outcome", [Outcome.PERMANENT, Outcome.TRANSIENT, Outcome.THROTTLED])
def test_no_words_of_a_provider_are_too_odd_to_be_kept(send: Send, first: ProviderAccount, outcome: Outcome) -> None:
    troubled(first, Result(outcome, code="5\x00" * 40, detail="\x00ż" * 250, scope=Scope.ACCOUNT))
    start = send_three_times(send)
    Clock(start).run_for(10 * SECOND)
    assert outcomes() == {"waiting": 30}
    assert Pace.objects.get().failing_since is not None


def test_a_daily_limit_waits_for_the_next_day(send: Send, first: ProviderAccount) -> None:
    troubled(first, replace(LAST["550 daily limit, 1 h"][0]))
    start = send_three_times(send)
    Clock(start).run_for(MINUTE)
    until = Pace.objects.get().paused_until
    assert until is not None
    assert (until.hour, until.minute, until.date() - start.date()) == (0, 0, timedelta(days=1))
