"""Throttling and frequency: the same survey to the same contact no sooner than allowed, whoever asks and what fails."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.engine.acceptance.judge import ThrottledError
from distributor.engine.control import cancel
from distributor.models import Decision, Distribution, Survey
from distributor.rules.requests import AudienceRules, RecipientOptions, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.engine.conftest import Send
from tests.support.engine.people import channels_used, dispatch_at, fail_addresses, timeline_of, totals_of
from tests.support.engine.provider_events import event_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
A_DAY_APART = Throttle(DAY)
SKIPPING, REJECTING = Throttle(DAY, ThrottlePolicy.SKIP), Throttle(DAY, ThrottlePolicy.REJECT)


def test_a_second_send_waits_until_the_interval_has_passed(send: Send) -> None:
    send(1, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    second = send(1, at=NOW + HOUR, throttle=A_DAY_APART)
    assert timeline_of(second).due_at == NOW + DAY
    dispatch_at(NOW + DAY - SECOND)
    assert totals_of(second) == {"waiting": 1}
    dispatch_at(NOW + DAY)
    assert totals_of(second) == {"sent": 1}
    assert SandboxMessage.objects.count() == 2


def test_of_two_that_were_accepted_before_either_was_sent_the_second_is_put_off(send: Send) -> None:
    first, second = (send(1, at=NOW, throttle=A_DAY_APART) for _ in range(2))
    dispatch_at(NOW)
    [told] = [one for one in (first, second) if totals_of(one) == {"waiting": 1}]
    decision = Decision.objects.get()
    assert (decision.kind, decision.reason, decision.until) == ("deferred", "throttled", NOW + DAY)
    assert decision.detail["lastSentAt"] == NOW.isoformat()
    assert timeline_of(told).due_at == NOW + DAY
    dispatch_at(NOW + DAY)
    assert [totals_of(one) for one in (first, second)] == [{"sent": 1}] * 2


def test_a_request_may_want_them_skipped(send: Send) -> None:
    send(1, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    second = send(2, at=NOW + HOUR, throttle=SKIPPING)
    assert totals_of(second) == {"skipped": 1, "waiting": 1}
    assert second.skipped[0].refusal.detail["until"] == (NOW + DAY).isoformat()


def test_who_was_sent_to_after_being_accepted_is_stopped_where_the_request_does_not_wait(send: Send) -> None:
    first, second = (send(1, at=NOW, throttle=SKIPPING) for _ in range(2))
    dispatch_at(NOW)
    assert sorted(map(totals_of, (first, second)), key=str) == [{"sent": 1}, {"stopped": 1}]
    assert Decision.objects.get().reason == "throttled"


def test_a_request_may_want_to_be_refused_and_then_nothing_of_it_is_written(send: Send) -> None:
    send(1, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    with pytest.raises(ThrottledError) as refused:
        send(2, at=NOW + HOUR, throttle=REJECTING)
    assert [one.contact.external_id for one in refused.value.contacts] == ["PAT-0"]
    assert Distribution.objects.count() == MailingList.objects.count() == 1


def test_a_schedule_after_the_interval_is_not_held_back(send: Send) -> None:
    send(1, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    second = send(1, at=NOW + HOUR, throttle=REJECTING, scheduled_at=NOW + DAY)
    assert timeline_of(second).due_at == NOW + DAY


@pytest.mark.parametrize(
    ("organizations", "surveys", "calls", "hours"),
    [(60, None, None, 1), (60, 120, None, 2), (60, 120, Throttle(3 * HOUR), 3), (60, 0, None, 0)],
)
def test_the_calls_interval_comes_before_the_surveys_and_that_before_the_organisations(
    send: Send,
    organization: Organization,
    survey: Survey,
    organizations: int,
    surveys: int | None,
    calls: Throttle | None,
    hours: int,
) -> None:
    Organization.objects.filter(id=organization.id).update(throttle_minutes=organizations)
    organization.refresh_from_db()
    Survey.objects.filter(id=survey.id).update(throttle_minutes=surveys)
    send(1, at=NOW)
    dispatch_at(NOW)
    assert timeline_of(send(1, at=NOW, throttle=calls)).due_at == NOW + hours * HOUR


def test_another_survey_does_not_count(send: Send, organization: Organization) -> None:
    other = Survey.objects.create(organization=organization, name="Another")
    send(1, at=NOW, throttle=A_DAY_APART, of=other)
    dispatch_at(NOW)
    assert timeline_of(send(1, at=NOW, throttle=A_DAY_APART)).due_at == NOW


@pytest.mark.parametrize("given_ago", [2 * DAY, HOUR])
def test_what_the_call_gives_as_the_last_send_replaces_our_record(send: Send, given_ago: timedelta) -> None:
    send(1, at=NOW - 3 * HOUR, throttle=A_DAY_APART)
    dispatch_at(NOW - 3 * HOUR)
    given_at = NOW - given_ago
    second = send(1, at=NOW, throttle=A_DAY_APART, options=[RecipientOptions(last_sent_at=given_at)])
    leaves_at = max(NOW, given_at + DAY)
    assert timeline_of(second).due_at == leaves_at
    dispatch_at(leaves_at)
    assert totals_of(second) == {"sent": 1}


def test_of_two_calls_that_both_give_an_old_date_one_is_sent_now(send: Send) -> None:
    options = [RecipientOptions(last_sent_at=NOW - 40 * DAY)]
    calls = [send(1, at=NOW, throttle=A_DAY_APART, options=options) for _ in range(2)]
    dispatch_at(NOW + SECOND)
    assert sorted(map(totals_of, calls), key=str) == [{"sent": 1}, {"waiting": 1}]


def test_a_message_that_was_refused_gives_its_slot_back(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    first = send(1, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    assert totals_of(first) == {"failed": 1}
    assert timeline_of(send(1, at=NOW + SECOND, throttle=A_DAY_APART)).due_at == NOW + SECOND


@pytest.mark.parametrize("outcome", ["transient", "throttled"])
def test_a_message_that_waits_for_another_try_holds_no_slot_meanwhile(
    send: Send, accounts: Accounts, outcome: str
) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0=outcome)
    first = send(1, at=NOW, throttle=SKIPPING)
    dispatch_at(NOW)
    assert totals_of(first) == {"waiting": 1}
    cancel(first.distribution.id, NOW)
    assert totals_of(send(1, Channel.SMS, at=NOW + SECOND, throttle=SKIPPING)) == {"waiting": 1}


def test_a_message_of_unknown_outcome_keeps_its_slot(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    first = send(1, Channel.SMS, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    assert totals_of(first) == {"indeterminate": 1}
    assert timeline_of(send(1, at=NOW + HOUR, throttle=A_DAY_APART)).due_at == NOW + DAY


def test_a_message_that_bounced_has_left_and_keeps_its_slot_when_the_fallback_is_refused(
    send: Send, accounts: Accounts
) -> None:
    fail_addresses(accounts[Channel.SMS], person0="permanent")
    chain = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, at=NOW)
    dispatch_at(NOW)
    report_events(accounts[Channel.EMAIL], event_of(chain, EventKind.SOFT_BOUNCED), at=NOW)
    dispatch_at(NOW + HOUR)
    assert totals_of(chain) == {"failed": 1}
    assert totals_of(send(1, Channel.WHATSAPP, at=NOW + 2 * HOUR, throttle=SKIPPING)) == {"skipped": 1}


def test_a_chain_that_fails_on_every_channel_leaves_the_record_of_an_earlier_send(
    send: Send, accounts: Accounts
) -> None:
    send(1, at=NOW)
    dispatch_at(NOW)
    for channel in (Channel.EMAIL, Channel.SMS):
        fail_addresses(accounts[channel], person0="permanent")
    chain = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, at=NOW + HOUR)
    dispatch_at(NOW + HOUR)
    assert totals_of(chain) == {"failed": 1}
    assert timeline_of(send(1, at=NOW + 2 * HOUR, throttle=A_DAY_APART)).due_at == NOW + DAY


def test_a_chains_own_fallback_is_not_held_back_by_its_first_message(send: Send) -> None:
    chain = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    dispatch_at(NOW + HOUR)
    assert totals_of(chain) == {"sent": 1}
    assert channels_used() == ["email", "sms"]


def test_a_chains_own_fallback_is_not_held_back_after_another_journey_has_failed_in_between(
    send: Send, accounts: Accounts
) -> None:
    chain = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=120, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    fail_addresses(accounts[Channel.WHATSAPP], person0="permanent")
    other = send(1, Channel.WHATSAPP, at=NOW + HOUR)
    dispatch_at(NOW + HOUR)
    assert totals_of(other) == {"failed": 1}
    dispatch_at(NOW + 2 * HOUR)
    assert totals_of(chain) == {"sent": 1}
    assert channels_used() == ["email", "sms"]


def test_a_fallback_is_held_back_by_another_journeys_message(send: Send) -> None:
    chain = send(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=120, at=NOW, throttle=A_DAY_APART)
    dispatch_at(NOW)
    send(1, Channel.WHATSAPP, at=NOW + HOUR)
    dispatch_at(NOW + HOUR)
    dispatch_at(NOW + 2 * HOUR)
    assert timeline_of(chain).due_at == NOW + HOUR + DAY
    dispatch_at(NOW + HOUR + DAY)
    assert channels_used() == ["email", "whatsapp", "sms"]


def test_frequency_is_judged_for_the_moment_of_sending(send: Send, organization: Organization) -> None:
    Organization.objects.filter(id=organization.id).update(minimum_days_between_contacts=30)
    organization.refresh_from_db()
    send(1, at=NOW)
    dispatch_at(NOW)
    assert totals_of(send(1, at=NOW + HOUR, scheduled_at=NOW + 30 * DAY - SECOND)) == {"skipped": 1}
    assert totals_of(send(1, at=NOW + HOUR, scheduled_at=NOW + 30 * DAY)) == {"waiting": 1}


def test_frequency_is_judged_for_the_moment_that_throttling_leaves(send: Send) -> None:
    recently = AudienceRules(exclude_recently_contacted=True, recent_contact_days=2)
    send(1, at=NOW)
    dispatch_at(NOW)
    assert totals_of(send(1, at=NOW, throttle=Throttle(2 * DAY), audience=recently)) == {"waiting": 1}
    assert totals_of(send(1, at=NOW, throttle=Throttle(2 * DAY - HOUR), audience=recently)) == {"skipped": 1}


def test_who_was_contacted_since_the_call_is_stopped_by_the_frequency_rule(
    send: Send, organization: Organization
) -> None:
    other = Survey.objects.create(organization=organization, name="Another")
    recently = AudienceRules(exclude_recently_contacted=True, recent_contact_days=2)
    later = send(1, at=NOW, scheduled_at=NOW + 2 * HOUR, audience=recently)
    send(1, at=NOW + HOUR, of=other)
    dispatch_at(NOW + HOUR)
    dispatch_at(NOW + 2 * HOUR)
    assert (totals_of(later), timeline_of(later).reason) == ({"stopped": 1}, "recently_contacted")
