"""The dry run: what it foresees is what then happens."""

from datetime import UTC, datetime, timedelta

import pytest

from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.engine.acceptance.accept import accept
from distributor.engine.acceptance.dry_run import dry_run
from distributor.models import Survey
from distributor.rules.eligibility import Reason
from distributor.rules.journey.forecast import Condition
from distributor.rules.requests import AudienceRules, RecipientOptions, Throttle
from distributor.rules.timing.departure import Delay
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.engine.conftest import Ask
from tests.support.engine.forecasts import (
    A_DAY,
    NOW,
    Accounts,
    check_dry_run,
    departures,
    dispatch_everything,
    make_contacted_person,
    sends_of,
    sent_by,
    set_quiet_hours,
)
from tests.support.engine.people import fail_addresses, given, timeline_of

pytestmark = pytest.mark.django_db
THANKS = [(Channel.EMAIL, 0)]


def test_a_plain_send_leaves_now(organization: Organization, ask: Ask, accounts: Accounts) -> None:
    foreseen = check_dry_run(organization, ask(3))
    assert sends_of(foreseen) == [[("email", accounts[Channel.EMAIL].id, NOW)]] * 3
    assert departures(foreseen) == [(NOW, Delay.NONE)]


def test_a_schedule_is_kept(organization: Organization, ask: Ask) -> None:
    foreseen = check_dry_run(organization, ask(2, scheduled_at=NOW + A_DAY))
    assert departures(foreseen) == [(NOW + A_DAY, Delay.SCHEDULED)]


def test_everybody_has_a_moment_of_their_own(organization: Organization, ask: Ask) -> None:
    options = [RecipientOptions(when=NOW + timedelta(hours=hours)) for hours in (1, 3, 2)]
    foreseen = check_dry_run(organization, ask(3, options=options))
    assert [departures(foreseen, place) for place in range(3)] == [[(one.when, Delay.SCHEDULED)] for one in options]


def test_single_mode_plans_the_one_channel_that_reaches_the_contact(organization: Organization, ask: Ask) -> None:
    people = [given(0), given(1, phone="")]
    foreseen = check_dry_run(organization, ask(people, Channel.SMS, Channel.EMAIL, fallback_delay_minutes=60))
    assert [[channel for channel, *_ in sends] for sends in sends_of(foreseen)] == [["sms"], ["email"]]


def test_a_chain_is_planned_to_its_end(organization: Organization, ask: Ask) -> None:
    request = ask(2, Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, is_multi=True, fallback_delay_minutes=60)
    foreseen = check_dry_run(organization, request)
    assert [step.condition for step in foreseen.contacts[0].forecast.steps] == [
        Condition.FIRST,
        Condition.UNANSWERED,
        Condition.UNANSWERED,
    ]
    assert [at - NOW for at, _delay in departures(foreseen)] == [timedelta(hours=hours) for hours in range(3)]


def test_a_chain_leaves_out_channels_without_an_address_and_those_that_are_suppressed(
    organization: Organization, ask: Ask
) -> None:
    Suppression.objects.create(organization=organization, channel="whatsapp", address="+48600000001", reason="stop")
    Suppression.objects.create(organization=organization, channel="whatsapp", address="+48600000002", reason="manual")
    people = [given(0, phone=""), given(1), given(2), given(3, email="")]
    chain = (Channel.EMAIL, Channel.WHATSAPP, Channel.SMS)
    foreseen = check_dry_run(organization, ask(people, *chain, is_multi=True, fallback_delay_minutes=10))
    assert [[channel for channel, *_ in sends] for sends in sends_of(foreseen)] == [
        ["email"],
        ["email"],  # a STOP ends the chain; a suppression is passed over
        ["email", "sms"],
        ["whatsapp", "sms"],
    ]
    passed_over = [[one.refusal.reason for one in contact.forecast.skipped_steps] for contact in foreseen.contacts]
    assert passed_over == [[], [Reason.OPTED_OUT], [Reason.SUPPRESSED], []]


def test_without_a_delay_the_next_channel_is_planned_for_a_failure_and_leaves_at_once_then(
    organization: Organization, ask: Ask, accounts: Accounts
) -> None:
    request = ask(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    foreseen = check_dry_run(organization, request)
    assert [step.condition for step in foreseen.contacts[0].forecast.steps] == [Condition.FIRST, Condition.ON_FAILURE]
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    again = dry_run(organization, request, NOW + A_DAY)
    accepted = accept(organization, None, request, NOW + A_DAY)
    dispatch_everything()
    assert departures(again) == [(begun_at, Delay.NONE) for [_, _, begun_at] in sent_by(accepted)["PAT-0"]]
    assert [attempt.state for attempt in timeline_of(accepted).attempts] == ["failed", "sent"]


@pytest.mark.parametrize("is_multi", [False, True])
def test_reminders_are_planned_also_by_channels_that_no_invitation_uses(
    organization: Organization, ask: Ask, is_multi: bool
) -> None:
    set_quiet_hours(organization, 23, 8)
    Suppression.objects.create(organization=organization, channel="whatsapp", address="+48600000001", reason="manual")
    reminders = [(Channel.SMS, 60), (Channel.WHATSAPP, 24 * 60), (Channel.EMAIL, 24 * 60)]
    request = ask([given(0), given(1), given(2, phone="")], is_multi=is_multi, reminders=reminders, thank_yous=THANKS)
    foreseen = check_dry_run(organization, request)
    assert [[channel for channel, *_ in sends] for sends in sends_of(foreseen)] == [
        ["email", "sms", "whatsapp", "email"],
        ["email", "sms", "email"],
        ["email", "email"],
    ]
    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)  # 8:00 in Warsaw
    assert departures(foreseen)[:3] == [
        (NOW, Delay.NONE),
        (morning, Delay.QUIET_HOURS),
        (morning + A_DAY, Delay.NONE),
    ]
    passed_over = [[one.refusal.reason for one in contact.forecast.skipped_steps] for contact in foreseen.contacts]
    assert passed_over == [[], [Reason.SUPPRESSED], []]


def test_behind_a_chain_reminders_count_from_its_last_message(organization: Organization, ask: Ask) -> None:
    fallbacks = {"is_multi": True, "fallback_delay_minutes": 90}
    foreseen = check_dry_run(
        organization, ask(1, Channel.EMAIL, Channel.SMS, reminders=[(Channel.EMAIL, 60)], **fallbacks)
    )
    assert [at - NOW for at, _delay in departures(foreseen)] == [timedelta(minutes=count) for count in (0, 90, 150)]


def test_no_thanks_are_planned_because_nobody_is_taken_to_answer(organization: Organization, ask: Ask) -> None:
    foreseen = check_dry_run(organization, ask(1, thank_yous=THANKS))
    assert departures(foreseen) == [(NOW, Delay.NONE)]


def test_quiet_hours_hold_the_first_message_and_the_fallback(organization: Organization, ask: Ask) -> None:
    set_quiet_hours(organization, 22, 8)
    Contact.objects.create(organization=organization, time_zone="America/New_York", **given(1))
    people = [given(0), given(1)]
    foreseen = check_dry_run(
        organization, ask(people, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=14 * 60)
    )
    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)  # 8:00 in Warsaw; 14 hours later it is quiet again
    assert departures(foreseen, 0) == [(morning, Delay.QUIET_HOURS), (morning + A_DAY, Delay.QUIET_HOURS)]
    assert foreseen.contacts[0].forecast.steps[1].departure.detail == {"zone": "Europe/Warsaw"}
    assert departures(foreseen, 1) == [
        (NOW, Delay.NONE),  # 16:30 in New York
        (datetime(2026, 3, 3, 13, tzinfo=UTC), Delay.QUIET_HOURS),
    ]


def test_who_was_sent_the_survey_a_while_ago_waits_and_its_fallback_does_not(
    organization: Organization, survey: Survey, ask: Ask
) -> None:
    make_contacted_person(organization, 0, NOW - A_DAY, survey)
    options = [RecipientOptions(), RecipientOptions(last_sent_at=NOW - timedelta(hours=1))]
    foreseen = check_dry_run(
        organization,
        ask(
            2, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60, options=options,
            throttle=Throttle(3 * A_DAY),
        ),
    )  # fmt: skip
    assert departures(foreseen, 0)[0] == (NOW + 2 * A_DAY, Delay.THROTTLED)
    assert departures(foreseen, 1)[0] == (NOW + 3 * A_DAY - timedelta(hours=1), Delay.THROTTLED)
    for place in range(2):
        [(first_at, _), (second_at, delay)] = departures(foreseen, place)
        assert (second_at - first_at, delay) == (timedelta(hours=1), Delay.NONE)


def test_a_throttle_of_seconds_counts_in_whole_minutes_as_it_is_kept(
    organization: Organization, survey: Survey, ask: Ask
) -> None:
    make_contacted_person(organization, 0, NOW - timedelta(seconds=100), survey)
    foreseen = check_dry_run(organization, ask(1, throttle=Throttle(timedelta(seconds=90))))
    assert departures(foreseen) == [(NOW + timedelta(seconds=20), Delay.THROTTLED)]


def test_an_old_date_that_a_call_gives_lifts_the_throttle_for_the_whole_chain(
    organization: Organization, survey: Survey, ask: Ask
) -> None:
    make_contacted_person(organization, 0, NOW - A_DAY, survey)
    foreseen = check_dry_run(
        organization,
        ask(
            1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60,
            options=[RecipientOptions(last_sent_at=NOW - 40 * A_DAY)], throttle=Throttle(30 * A_DAY),
        ),
    )  # fmt: skip
    assert departures(foreseen) == [(NOW, Delay.NONE), (NOW + timedelta(hours=1), Delay.NONE)]


def test_each_reason_to_skip_is_foreseen(organization: Organization, survey: Survey, ask: Ask) -> None:
    organization.minimum_days_between_contacts = 30
    organization.save()
    Contact.objects.create(organization=organization, opted_out_at=NOW - A_DAY, **given(0))
    Suppression.objects.create(
        organization=organization, channel="email", address="person1@example.com", reason="bounce"
    )
    make_contacted_person(organization, 3, NOW - 3 * A_DAY)
    make_contacted_person(organization, 4, NOW - 35 * A_DAY)
    make_contacted_person(organization, 5, NOW - 50 * A_DAY, survey)
    people = [given(0), given(1), given(2, email=""), given(3), given(4), given(5), given(6)]
    audience = AudienceRules(exclude_recently_contacted=True, recent_contact_days=40)
    foreseen = check_dry_run(
        organization, ask(people, audience=audience, throttle=Throttle(60 * A_DAY, ThrottlePolicy.SKIP))
    )
    assert [one.refusal and one.refusal.reason for one in foreseen.contacts] == [
        Reason.OPTED_OUT,
        Reason.SUPPRESSED,
        Reason.NO_ADDRESS,
        Reason.FREQUENCY_RULE,
        Reason.RECENTLY_CONTACTED,
        Reason.THROTTLED,
        None,
    ]


@pytest.mark.parametrize(("end", "reason"), [("not_after", Reason.TOO_LATE), ("expires_at", Reason.EXPIRED)])
def test_what_cannot_leave_before_its_end_is_skipped(
    organization: Organization, ask: Ask, end: str, reason: Reason
) -> None:
    set_quiet_hours(organization, 22, 8)
    foreseen = check_dry_run(organization, ask(1, **{end: NOW + timedelta(hours=1)}))
    [one] = foreseen.contacts
    assert one.refusal is not None
    assert one.refusal.reason is reason


def test_a_fallback_after_the_end_is_passed_over(organization: Organization, ask: Ask) -> None:
    ends_at = NOW + timedelta(minutes=30)
    request = ask(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60, expires_at=ends_at)
    [one] = check_dry_run(organization, request).contacts
    assert [(passed.position, passed.refusal.reason) for passed in one.forecast.skipped_steps] == [(1, Reason.EXPIRED)]


def test_an_opted_out_contact_that_is_wanted_gets_a_link_and_nothing_is_sent(
    organization: Organization, ask: Ask
) -> None:
    Contact.objects.create(organization=organization, opted_out_at=NOW - A_DAY, **given(0))
    foreseen = check_dry_run(organization, ask(1, audience=AudienceRules(exclude_opted_out=False)))
    [one] = foreseen.contacts
    assert (one.refusal, one.forecast.steps) == (None, [])
    assert [passed.refusal.reason for passed in one.forecast.skipped_steps] == [Reason.OPTED_OUT]


def test_whoever_is_only_registered_is_sent_nothing(organization: Organization, ask: Ask) -> None:
    foreseen = check_dry_run(organization, ask(2, is_sent=False))
    assert sends_of(foreseen) == [[], []]


def test_the_end_of_the_calendar_is_as_far_as_a_chain_goes(organization: Organization, ask: Ask) -> None:
    late = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    request = ask(1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=60, scheduled_at=late)
    [first, second] = departures(dry_run(organization, request, NOW))
    assert first == (late, Delay.SCHEDULED)
    assert second[0] > late
