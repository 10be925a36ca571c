"""Quiet hours and weekdays: at acceptance they plan, right before a message leaves they hold."""

from datetime import UTC, datetime, time, timedelta

import pytest

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.models import Batch, Decision
from distributor.rules.requests import Throttle
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch_at, fail_addresses, timeline_of, totals_of

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
# A Monday. In Warsaw, ACME's zone, it is an hour later; in New York five earlier; in Tokyo nine later.
EVENING = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
MORNING_IN_WARSAW = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def night(organization: Organization) -> None:
    organization.quiet_from, organization.quiet_until = time(21), time(8)
    organization.save()


def live_in(organization: Organization, number: int, zone: str) -> None:
    Contact.objects.create(organization=organization, external_id=f"PAT-{number}", time_zone=zone)


def test_each_waits_for_the_morning_of_its_own_zone_and_of_the_organisations_without_one(
    send: Send, organization: Organization
) -> None:
    for number, zone in ((1, "America/New_York"), (2, "Asia/Tokyo")):
        live_in(organization, number, zone)
    accepted = send(3, at=EVENING)
    due = [timeline_of(accepted, place).due_at for place in range(3)]
    assert due == [MORNING_IN_WARSAW, EVENING, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)]
    for moment, sent in ((EVENING, 1), (due[2], 2), (MORNING_IN_WARSAW - SECOND, 2), (MORNING_IN_WARSAW, 3)):
        assert moment is not None
        dispatch_at(moment)
        assert SandboxMessage.objects.count() == sent


def test_those_who_wait_for_the_same_morning_share_a_batch(send: Send) -> None:
    send(50, at=EVENING)
    batch = Batch.objects.get()
    assert (batch.size, batch.due_at) == (50, MORNING_IN_WARSAW)


def test_a_worker_that_comes_late_does_not_send_into_the_night(send: Send) -> None:
    before_nine = EVENING - 2 * HOUR
    accepted = send(1, at=before_nine)
    assert timeline_of(accepted).due_at == before_nine
    dispatch_at(EVENING)
    assert totals_of(accepted) == {"waiting": 1}
    decision = Decision.objects.get()
    assert (decision.kind, decision.reason, decision.until) == ("deferred", "quiet_hours", MORNING_IN_WARSAW)
    assert decision.detail == {"zone": "Europe/Warsaw"}
    dispatch_at(MORNING_IN_WARSAW)
    assert totals_of(accepted) == {"sent": 1}


def test_hours_that_were_made_quiet_after_the_call_hold_too(send: Send, organization: Organization) -> None:
    organization.quiet_from = organization.quiet_until = None
    organization.save()
    accepted = send(1, at=EVENING)
    Organization.objects.filter(id=organization.id).update(quiet_from=time(21), quiet_until=time(8))
    dispatch_at(EVENING)
    assert timeline_of(accepted).due_at == MORNING_IN_WARSAW


def test_who_moved_is_judged_by_the_new_zone(send: Send, organization: Organization) -> None:
    accepted = send(1, at=EVENING)
    Contact.objects.filter(organization=organization).update(time_zone="America/Los_Angeles")
    dispatch_at(MORNING_IN_WARSAW)
    assert timeline_of(accepted).due_at == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)


def test_the_last_second_before_the_quiet_and_the_first_after_it_are_open(send: Send) -> None:
    for moment in (datetime(2026, 3, 2, 19, 59, 59, tzinfo=UTC), MORNING_IN_WARSAW):
        accepted = send(1, at=moment)
        dispatch_at(moment)
        assert totals_of(accepted) == {"sent": 1}
    accepted = send(1, at=datetime(2026, 3, 2, 20, 0, tzinfo=UTC))
    assert timeline_of(accepted).due_at == MORNING_IN_WARSAW


def test_a_retry_that_comes_due_at_night_waits_for_the_morning(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="transient")
    accepted = send(1, at=EVENING - HOUR - SECOND)
    dispatch_at(EVENING - HOUR - SECOND)
    fail_addresses(accounts[Channel.EMAIL])
    dispatch_at(EVENING)
    assert (totals_of(accepted), timeline_of(accepted).due_at) == ({"waiting": 1}, MORNING_IN_WARSAW)
    dispatch_at(MORNING_IN_WARSAW)
    assert totals_of(accepted) == {"sent": 1}


def test_a_fallback_that_comes_due_at_night_waits_for_the_morning(send: Send) -> None:
    send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=180, at=EVENING - 3 * HOUR)
    dispatch_at(EVENING - 3 * HOUR)
    dispatch_at(EVENING)
    assert SandboxMessage.objects.count() == 1
    dispatch_at(MORNING_IN_WARSAW)
    assert SandboxMessage.objects.count() == 2


def test_an_interval_that_ends_at_night_lasts_until_the_morning(send: Send) -> None:
    throttle = Throttle(DAY + 2 * HOUR)
    start = EVENING - 2 * HOUR
    send(1, at=start, throttle=throttle)
    dispatch_at(start)
    second = send(1, at=start, throttle=throttle)
    assert timeline_of(second).due_at == MORNING_IN_WARSAW + DAY


def test_nothing_leaves_on_other_weekdays(send: Send, organization: Organization) -> None:
    organization.send_weekdays = [3, 5]
    organization.save()
    accepted = send(1, at=EVENING)
    wednesday = MORNING_IN_WARSAW + DAY
    assert timeline_of(accepted).due_at == wednesday
    dispatch_at(wednesday - SECOND)
    assert totals_of(accepted) == {"waiting": 1}
    dispatch_at(wednesday)
    assert totals_of(accepted) == {"sent": 1}


def test_where_clocks_are_put_forward_the_quiet_ends_when_the_gap_is_over(
    send: Send, organization: Organization
) -> None:
    organization.quiet_from, organization.quiet_until = time(1), time(2, 30)
    organization.save()
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 in Warsaw; at 02:00 it becomes 03:00
    accepted = send(1, at=night)
    assert timeline_of(accepted).due_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_where_clocks_are_put_back_the_quiet_is_the_longer_one(send: Send, organization: Organization) -> None:
    organization.quiet_from, organization.quiet_until = time(1), time(2, 30)
    organization.save()
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 02:45 for the first time in Warsaw
    accepted = send(1, at=between)
    assert timeline_of(accepted).due_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_morning_after_the_end_is_too_late(send: Send) -> None:
    by_night = send(1, at=EVENING, not_after=MORNING_IN_WARSAW - SECOND)
    assert [one.refusal.reason for one in by_night.skipped] == ["too_late"]
    in_time = send(1, at=EVENING, not_after=MORNING_IN_WARSAW)
    dispatch_at(MORNING_IN_WARSAW)
    assert totals_of(in_time) == {"sent": 1}
