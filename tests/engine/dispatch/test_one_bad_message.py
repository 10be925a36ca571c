"""One message that its provider never takes, or not now: it neither fails for the account nor keeps others waiting."""

from datetime import timedelta

import pytest
from django.db.models import F, Q

from channels.models import Pace, ProviderAccount
from channels.providers.base import Outcome, Result, Scope
from channels.providers.smtp.replies import Stage
from contacts.models import Suppression
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.route.waiting_batches import resume_account
from distributor.models import Attempt, Batch, Recipient
from tests.engine.conftest import Send
from tests.support.engine.outages import (
    REFUSED_CONNECTION,
    Clock,
    Troubled,
    end_trouble,
    outcomes,
    reply,
    send_three_times,
    troubled,
)
from tests.support.engine.people import given

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("troubled_kind")]

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def test_one_greylisted_recipient_is_retried_for_hours_and_slows_nobody(send: Send, first: ProviderAccount) -> None:
    greylisted = reply("450 4.2.0 Greylisted", Stage.RCPT)
    troubled(first, lambda message: greylisted if message.to == "person3@example.com" else None)
    start = send_three_times(send)
    clock = Clock(start)
    clock.run_for(SECOND)
    assert outcomes() == {"sent": 29, "waiting": 1}
    assert not Pace.objects.exists()
    clock.run_for(6 * HOUR)
    assert outcomes() == {"sent": 29, "waiting": 1}
    end_trouble()
    clock.run_for(18 * HOUR)
    assert outcomes() == {"sent": 30}


def test_one_recipient_who_is_never_taken_fails_after_a_day_alone(send: Send, first: ProviderAccount) -> None:
    full = reply("452 4.2.2 mailbox full", Stage.RCPT)
    troubled(first, lambda message: full if message.to == "person3@example.com" else None)
    start = send_three_times(send)
    clock = Clock(start)
    clock.run_for(18 * HOUR)
    assert outcomes() == {"sent": 29, "waiting": 1}
    clock.run_for(7 * HOUR)
    assert outcomes() == {"sent": 29, "failed": 1}
    assert 10 <= Attempt.objects.filter(state="failed").count() <= 20
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("size", "result"),
    [
        (1, REFUSED_CONNECTION),  # the relay cuts the connection whenever it sees this message
        (10, Result(Outcome.TRANSIENT, code="503", scope=Scope.ACCOUNT)),
        (1, reply("421 4.7.0 Too much for this one", Stage.RCPT)),
        (10, reply("451 4.3.0 Later", Stage.CONTENT)),
        (1, reply("554 5.7.1 blocked", Stage.RCPT)),
        (10, Result(Outcome.PERMANENT, code="403", detail="A firewall does not like it", scope=Scope.ACCOUNT)),
    ],
)
def test_a_poisoned_recipient_slows_nobody_down(send: Send, first: ProviderAccount, result: Result, size: int) -> None:
    troubled(first, lambda message: result if message.to == "person3@example.com" else None)
    start = database_now()
    clock = Clock(start)
    for minute in range(3):
        for call in range(3 if size == 10 else 6):
            numbers = range(call * size, (call + 1) * size)
            # One after the other: somebody must follow who shows that the account works.
            at = clock.now + timedelta(milliseconds=call)
            send([given(number) for number in numbers], name=f"call {minute} {call}", at=at)
        clock.run_for(MINUTE)
    # Two journeys of this person may fail one right after the other. That looks like the account, until others show
    # that it works.
    for hour in range(26):
        send([given(100 + hour)], name=f"hour {hour}", at=clock.now)
        clock.run_for(HOUR)
    is_poisoned = Q(contact__email="person3@example.com")
    others = Recipient.objects.exclude(is_poisoned)
    assert set(others.values_list("outcome", flat=True)) == {"sent"}
    assert not others.filter(first_sent_at__gt=F("created_at") + 5 * MINUTE).exists()
    assert Pace.objects.filter(broken_because="").count() == Pace.objects.count()
    assert set(Recipient.objects.filter(is_poisoned).values_list("outcome", flat=True)) == {"failed"}
    assert Troubled.calls <= 200


def test_a_message_that_pauses_its_account_each_time_lets_others_leave_first(
    send: Send, first: ProviderAccount
) -> None:
    too_fast = reply("421 4.7.0 Too much for this one", Stage.RCPT)
    troubled(first, lambda message: too_fast if message.to == "person3@example.com" else None)
    clock = Clock(database_now())
    send([given(3)], at=clock.now)
    clock.run_for(SECOND)
    for number in range(4, 8):
        send([given(number)], name=f"call {number}", at=clock.now)
    clock.run_for(7 * SECOND)
    assert set(Recipient.objects.exclude(contact__email="person3@example.com").values_list("outcome", flat=True)) == {
        "sent"
    }


def test_who_broke_an_account_leaves_at_once_when_an_operator_has_mended_it(send: Send, first: ProviderAccount) -> None:
    troubled(first, Result(Outcome.PERMANENT, code="403", detail="Suspended", scope=Scope.ACCOUNT))
    send(1)
    clock = Clock(database_now())
    clock.run_for(5 * MINUTE)
    assert outcomes() == {"waiting": 1}
    assert Batch.objects.get(state="waiting").due_at > clock.now + SECOND
    end_trouble()
    resume_account(first.pk, clock.now)
    clock.run_for(SECOND)
    assert outcomes() == {"sent": 1}
