"""Daily quotas: what is beyond them waits for the next day, and calls that would only wait are refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from channels.models import ProviderAccount, SandboxMessage, TemplateVariant
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.audience.number_lookup import check_numbers
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.quotas import QuotaUsedUpError, use_lookups
from distributor.models import Attempt, Batch, Handover, Recipient, Touch
from distributor.models.daily_use import DailyUse
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, dispatch_at, given, totals_of
from tests.support.simultaneous import run_together

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]


def set_quota(**quotas: Any) -> None:
    Organization.objects.update(**quotas)


def test_what_is_beyond_the_quota_leaves_the_next_day(send: Send) -> None:
    set_quota(emails_per_day=3)
    accepted = send(5)
    dispatch()
    assert SandboxMessage.objects.count() == len(Handover.objects.get().recipient_ids) == 3
    assert Touch.objects.count() == 3, "people who wait hold nobody back"
    batch = Batch.objects.get(state="waiting")
    assert "used up its day's quota for e-mail: 3 messages" in batch.last_error.lower().replace("email", "e-mail")
    until = parse_datetime(Organization.objects.get().quotas_used_up["email"]["until"])
    assert until is not None
    dispatch_at(until - timedelta(seconds=1))
    assert SandboxMessage.objects.count() == 3
    dispatch_at(until + timedelta(minutes=11))
    assert totals_of(accepted) == {"sent": 5}


def test_the_day_begins_at_midnight_of_the_organisation(send: Send) -> None:
    set_quota(emails_per_day=1, time_zone="Pacific/Kiritimati")  # UTC+14
    send(2)
    dispatch()
    until = parse_datetime(Organization.objects.get().quotas_used_up["email"]["until"])
    assert until is not None
    assert (until + timedelta(hours=14)).strftime("%H:%M") == "00:00"


def test_each_channel_has_its_own(send: Send) -> None:
    set_quota(emails_per_day=1)
    send(2, Channel.SMS)
    send(2, Channel.EMAIL)
    dispatch()
    assert sorted(SandboxMessage.objects.values_list("channel", flat=True)) == ["email", "sms", "sms"]


def test_without_a_quota_nothing_is_counted(send: Send) -> None:
    send(2)
    dispatch()
    assert not DailyUse.objects.exists()


def test_a_raised_quota_takes_effect_the_same_day(send: Send) -> None:
    set_quota(emails_per_day=1)
    accepted = send(3)
    dispatch()
    set_quota(emails_per_day=5)
    dispatch_at(database_now() + timedelta(minutes=10))
    assert totals_of(accepted) == {"sent": 3}
    assert DailyUse.objects.get().count == 3


def test_segments_of_sms_are_limited_by_the_day(send: Send, templates: dict[Channel, Any]) -> None:
    TemplateVariant.objects.filter(template=templates[Channel.SMS]).update(text="a" * 300 + " ${link}")
    set_quota(segments_per_day=4)
    send([given(1)], Channel.SMS)
    dispatch()
    send([given(2)], Channel.SMS)
    dispatch()
    send([given(3)], Channel.SMS)
    dispatch()
    assert SandboxMessage.objects.count() == 2
    assert DailyUse.objects.get().segments == 6
    assert Batch.objects.filter(state="waiting").count() == 1


def test_a_text_with_too_many_segments_is_not_sent(send: Send, templates: dict[Channel, Any]) -> None:
    """Six by default: 918 characters of GSM-7."""
    TemplateVariant.objects.filter(template=templates[Channel.SMS]).update(text="a" * 1_000)
    accepted = send(1, Channel.SMS)
    dispatch()
    assert totals_of(accepted) == {"failed": 1}
    attempt = Attempt.objects.get()
    assert (attempt.code, SandboxMessage.objects.count()) == ("too_many_segments", 0)
    assert "7 SMS segments" in attempt.detail
    set_quota(segments_per_text=7)
    again = send([given(2)], Channel.SMS)
    dispatch()
    assert totals_of(again) == {"sent": 1}


@pytest.mark.django_db(transaction=True)
def test_simultaneous_hand_overs_do_not_pass_the_quota_together(send: Send) -> None:
    set_quota(emails_per_day=5)
    for call in range(4):
        send([given(10 * call + number) for number in range(3)])
    run_together([dispatch] * 4)
    assert SandboxMessage.objects.count() <= 5
    for _ in range(4):  # whoever gave way to another worker
        Batch.objects.filter(state="waiting", held_by=None).update(due_at=database_now())
        dispatch()
    assert SandboxMessage.objects.count() == 5
    assert Recipient.objects.filter(state="waiting").count() == 7


def test_lookups_beyond_the_quota_are_refused_and_none_is_made(organization: Organization, accounts: Accounts) -> None:
    organization.lookups_per_day = 3
    now = database_now()
    use_lookups(organization, 2, now)
    with pytest.raises(QuotaUsedUpError):
        use_lookups(organization, 2, now)
    use_lookups(organization, 1, now)
    assert DailyUse.objects.get().count == 3
    assert check_numbers(organization, ["+48601000001"]), "numbers that are read offline cost nothing"
