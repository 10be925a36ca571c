"""Recurring distributions: one per occurrence, whoever looks and whenever."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.recurring import save_recurring, start_due
from distributor.models import Distribution, Occurrence, RecurringDistribution, RecurringStep, Survey
from tests.support.engine.people import dispatch
from tests.support.simultaneous import run_together

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 9 o'clock in Warsaw
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)

Make = Callable[..., RecurringDistribution]


@pytest.fixture
def make(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Make:
    """A recurring distribution to one contact, as of a minute before MONDAY."""

    def make(cron: str = "0 9 * * mon", now: datetime = MONDAY - MINUTE, **fields: Any) -> RecurringDistribution:
        audience = MailingList.objects.create(organization=organization, name="Ward B")
        person = Contact.objects.create(organization=organization, email=f"p{Contact.objects.count()}@example.com")
        Membership.objects.create(mailing_list=audience, contact=person)
        recurring = RecurringDistribution(
            organization=organization, name="Weekly", survey=survey, mailing_list=audience, cron=cron, **fields
        )
        save_recurring(recurring, now)
        for priority, channel in enumerate((Channel.EMAIL, Channel.SMS), start=1):
            RecurringStep.objects.create(
                recurring=recurring,
                priority=priority,
                provider_account=accounts[channel],
                template=templates[channel],
                fallback_delay_minutes=60,
            )
        return recurring

    return make


def next_of(recurring: RecurringDistribution) -> datetime | None:
    recurring.refresh_from_db()
    return recurring.next_at


def test_what_is_due_is_started_once_and_its_next_moment_is_known(make: Make) -> None:
    recurring = make()
    assert start_due(MONDAY - MINUTE) == []
    (distribution,) = start_due(MONDAY + timedelta(seconds=3))
    assert start_due(MONDAY + timedelta(seconds=4)) == []
    assert next_of(recurring) == MONDAY + WEEK
    occurrence = Occurrence.objects.get()
    assert (occurrence.distribution, occurrence.occurs_at, occurrence.missed_from) == (distribution, MONDAY, None)


def test_its_distribution_asks_for_what_was_set(make: Make) -> None:
    make(mode="multi", links_expire_after_days=7, recent_contact_days=14, respect_frequency_rules=False)
    (row,) = start_due(MONDAY)
    assert (row.name, row.source, row.mode) == ("Weekly 2026-03-02 09:00", "recurring", "multi")
    assert (row.scheduled_at, row.expires_at) == (MONDAY, MONDAY + timedelta(days=7))
    assert (row.exclude_recently_contacted, row.recent_contact_days) == (True, 14)
    assert not row.respect_frequency_rules
    assert list(row.steps.values_list("channel", "priority", "fallback_delay_minutes")) == [
        ("email", 1, 60),
        ("sms", 2, 60),
    ]


def test_its_list_is_sent_to_as_it_is_then(make: Make, organization: Organization) -> None:
    recurring = make()
    late = Contact.objects.create(organization=organization, email="late@example.com")
    Membership.objects.create(mailing_list=recurring.mailing_list, contact=late)
    start_due(MONDAY)
    expand_chunk(database_now())
    dispatch()
    assert set(SandboxMessage.objects.values_list("to", flat=True)) == {"p0@example.com", "late@example.com"}


def test_after_downtime_the_latest_is_started_and_the_others_are_left_out(make: Make) -> None:
    recurring = make()
    start_due(MONDAY)
    (late,) = start_due(MONDAY + 3 * WEEK + DAY)
    assert late.scheduled_at == MONDAY + 3 * WEEK
    occurrence = Occurrence.objects.get(distribution=late)
    assert occurrence.missed_from == MONDAY + WEEK
    assert Distribution.objects.count() == 2
    assert next_of(recurring) == MONDAY + 4 * WEEK - timedelta(hours=1)  # Warsaw's clocks go forward on the 29th


def test_each_local_time_occurs_once_when_the_clocks_change(make: Make) -> None:
    spring, autumn = datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC)
    for begins_at, expected in (
        # 2:30, then 3:00 because 2:30 is not shown, then 2:30 of summer time.
        (spring, [(28, 1, 30), (29, 1, 0), (30, 0, 30)]),
        # 2:30 of summer time, then the first of two, then 2:30 of winter time.
        (autumn, [(24, 0, 30), (25, 0, 30), (26, 1, 30)]),
    ):
        recurring = make("30 2 * * *", now=begins_at)
        for quarter in range(4 * 24 * 3):
            start_due(begins_at + timedelta(minutes=15 * quarter))
        occurred = recurring.occurrences.order_by("occurs_at").values_list("occurs_at", flat=True)
        assert [(at.day, at.hour, at.minute) for at in occurred] == expected
        assert not recurring.occurrences.exclude(missed_from=None).exists()
        recurring.delete()


def test_its_own_zone_counts_before_the_organisations(make: Make) -> None:
    assert next_of(make(time_zone="Asia/Tokyo")) == datetime(2026, 3, 9, 0, 0, tzinfo=UTC)


def test_what_is_switched_off_is_not_started_and_not_made_up_for(make: Make) -> None:
    recurring = make()
    recurring.is_active = False
    save_recurring(recurring, MONDAY - MINUTE)
    assert start_due(MONDAY + 2 * WEEK) == []
    recurring.is_active = True
    save_recurring(recurring, MONDAY + 2 * WEEK + DAY)
    assert start_due(MONDAY + 2 * WEEK + DAY) == []
    assert Occurrence.objects.count() == 0


def test_what_cannot_be_sent_says_why_and_goes_on(make: Make, accounts: dict[Channel, ProviderAccount]) -> None:
    recurring = make()
    ProviderAccount.objects.filter(pk=accounts[Channel.EMAIL].pk).update(is_active=False)
    assert start_due(MONDAY) == []
    occurrence = Occurrence.objects.get()
    assert (occurrence.distribution, occurrence.fault) == (None, "provider inactive")
    assert next_of(recurring) == MONDAY + WEEK
    ProviderAccount.objects.update(is_active=True)
    assert len(start_due(MONDAY + WEEK)) == 1


def test_one_that_fails_holds_nobody_else_back(make: Make) -> None:
    broken, sound = make(), make()
    RecurringDistribution.objects.filter(pk=broken.pk).update(cron="every monday", next_at=MONDAY - DAY)
    (distribution,) = start_due(MONDAY)
    assert sound.occurrences.get().distribution == distribution
    assert next_of(broken) == MONDAY - DAY


def test_an_occurrence_has_one_distribution_whatever_happens(make: Make) -> None:
    recurring = make()
    start_due(MONDAY)
    RecurringDistribution.objects.filter(pk=recurring.pk).update(next_at=MONDAY)
    assert start_due(MONDAY) == []
    assert (Distribution.objects.count(), next_of(recurring)) == (1, MONDAY + WEEK)
    with pytest.raises(IntegrityError, match="one_distribution_per_occurrence"), transaction.atomic():
        Occurrence.objects.create(recurring=recurring, occurs_at=MONDAY, decided_at=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_two_beats_start_it_once(make: Make) -> None:
    make()
    make()
    started = run_together([lambda: start_due(MONDAY)] * 4)
    assert sum(map(len, started)) == Distribution.objects.count() == Occurrence.objects.count() == 2
