"""The oracle itself: it names each broken rule, and finds no fault where all is well."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from contacts.ids import new_id
from tests.simulation.oracle import Oracle, expect_risk
from tests.simulation.quiet_periods import QuietPeriods
from tests.simulation.world import Call, Campaign, Hours, Journey, Later, Person, Tenant

NOW = datetime(2026, 10, 14, 12, 0, tzinfo=UTC)  # a Wednesday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EMAIL, PHONE = "p@example.com", "+48600000000"
WINDOW = timedelta(minutes=15)
Change = Callable[[Call], object]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def make_call() -> Call:
    tenant = Tenant(
        new_id(), "Europe/Warsaw", Hours((time(21), time(8)), frozenset(range(1, 8))), None, None, [], {}, {}
    )
    person = Person(new_id(), "P", tenant, {"email": EMAIL, "sms": PHONE}, "Europe/Warsaw")
    return Call(Journey(make_campaign(tenant), person, "code", None, None), "email", "1-1", NOW)


def make_campaign(tenant: Tenant) -> Campaign:
    return Campaign(
        id=new_id(),
        tenant=tenant,
        survey_id=tenant.id,
        channels=("email", "sms"),
        is_multi=True,
        fallback_delay=HOUR,
        accepted_at=NOW - DAY,
        scheduled_at=None,
        not_after=None,
        expires_at=None,
        throttle=None,
        minimum_days=None,
        recent_days=None,
        skipped=0,
        reminders=(Later("email", DAY), Later("sms", 2 * HOUR)),
        thanks=(Later("email", HOUR), Later("sms", MINUTE)),
    )


def judged(call: Call) -> list[str]:
    oracle = Oracle(QuietPeriods(NOW.date(), (NOW + 20 * DAY).date()))
    to = call.journey.person.addresses.get(call.channel, "")
    oracle.judge(call, to, WINDOW)
    return oracle.faults


def earlier(
    call: Call, ago: timedelta, answer: str, channel: str = "email", step: str = "invitation", **known: Any
) -> None:
    """A message of the same journey."""
    made = Call(call.journey, channel, "1-1", call.at - ago, answer, is_taken=answer == "accepted", step=step, **known)
    call.journey.calls.append(made)
    call.journey.person.sends.append(made)


def by_another(call: Call, ago: timedelta) -> None:
    """A message of another journey of the same survey."""
    journey = Journey(make_campaign(call.journey.person.tenant), call.journey.person, "other", None, None)
    call.journey.person.sends.append(Call(journey, "sms", "2-1", call.at - ago, "accepted", is_taken=True))


def campaign_has(**fields: object) -> Change:
    return lambda call: vars(call.journey.campaign).update(fields)


def journey_has(**fields: object) -> Change:
    return lambda call: vars(call.journey).update(fields)


def person_has(**fields: object) -> Change:
    return lambda call: vars(call.journey.person).update(fields)


def all_of(*changes: Change) -> Change:
    return lambda call: [change(call) for change in changes]


def by_sms(call: Call) -> None:
    call.channel = "sms"


def is_step(step: str, channel: str = "email") -> Change:
    return lambda call: vars(call).update(step=step, channel=channel)


def after(ago: timedelta, answer: str = "accepted", channel: str = "email", **facts: Any) -> Change:
    """Add an earlier message of the same journey."""
    return lambda call: earlier(call, ago, answer, channel, **facts)


# The last channel of the chain was used.
CHAIN_IS_OVER = after(3 * DAY, channel="sms")
ANSWERED = journey_has(responded_at=NOW - 2 * HOUR)


BREACHES: list[tuple[str, Change]] = [
    ("opted out", person_has(is_opted_out=True)),
    ("said no", journey_has(no_at=NOW - HOUR)),
    ("said no", all_of(is_step("thanks 1"), journey_has(responded_at=NOW - 3 * HOUR, no_at=NOW - HOUR))),
    ("suppressed", lambda call: call.journey.person.tenant.closed.add(("email", EMAIL, "bounce"))),
    ("not the person's address", person_has(addresses={})),
    ("quiet in Asia/Tokyo", person_has(zone="Asia/Tokyo")),
    ("responded", journey_has(responded_at=NOW - HOUR)),
    ("responded", all_of(is_step("reminder 1"), CHAIN_IS_OVER, ANSWERED)),
    ("paused", campaign_has(is_paused=True)),
    ("cancelled", campaign_has(is_cancelled=True)),
    ("nothing leaves after", campaign_has(not_after=NOW - MINUTE)),
    ("has expired", campaign_has(expires_at=NOW)),
    ("schedule", campaign_has(scheduled_at=NOW + MINUTE)),
    ("own moment", journey_has(when=NOW + MINUTE)),
    ("throttled", all_of(campaign_has(throttle=DAY), lambda call: by_another(call, DAY - MINUTE))),
    ("the call said", all_of(campaign_has(throttle=DAY), journey_has(last_sent_at=NOW - HOUR))),
    ("2 days", all_of(campaign_has(minimum_days=2), lambda call: by_another(call, 2 * DAY - MINUTE))),
    ("3 days", all_of(campaign_has(recent_days=3), lambda call: by_another(call, 3 * DAY - MINUTE))),
    ("had accepted it", lambda call: earlier(call, DAY, "accepted")),
    ("had refused it", lambda call: earlier(call, DAY, "permanent")),
    ("may still report", lambda call: earlier(call, WINDOW - MINUTE, "unknown")),
    ("had reported", lambda call: earlier(call, DAY, "unknown", is_known=True)),
    ("by a third", all_of(lambda call: earlier(call, DAY, "unknown"), lambda call: earlier(call, HOUR, "unknown"))),
    ("never repeated", all_of(by_sms, lambda call: earlier(call, DAY, "unknown", "sms"))),
    ("backwards", lambda call: earlier(call, DAY, "permanent", "sms")),
    ("the delay is", all_of(by_sms, lambda call: earlier(call, HOUR - MINUTE, "accepted"))),
    (
        "no delay was asked",
        all_of(by_sms, campaign_has(fallback_delay=None), lambda call: earlier(call, DAY, "accepted")),
    ),
    ("single", all_of(by_sms, campaign_has(is_multi=False), lambda call: earlier(call, DAY, "permanent"))),
    ("not tried long", all_of(by_sms, lambda call: earlier(call, 20 * HOUR, "transient"))),
    ("stop on (opened)", all_of(by_sms, campaign_has(stops_on="opened"), after(DAY, is_opened=True))),
    ("stop on (opened)", all_of(by_sms, campaign_has(stops_on="opened"), journey_has(is_opened=True), after(DAY))),
    ("stop on (delivered)", all_of(by_sms, campaign_has(stops_on="delivered"), after(DAY, is_delivered=True))),
    ("no such reminder", all_of(is_step("reminder 3"), CHAIN_IS_OVER)),
    ("no such reminder", all_of(is_step("reminder 1", "sms"), CHAIN_IS_OVER)),
    ("remind of", is_step("reminder 1")),
    ("remind of", all_of(is_step("reminder 1"), after(3 * DAY, channel="sms", has_failed=True))),
    ("remind of", all_of(is_step("reminder 1"), after(3 * DAY, "unknown", "sms"))),
    ("later reminder", all_of(is_step("reminder 1"), CHAIN_IS_OVER, after(2 * DAY, channel="sms", step="reminder 2"))),
    ("reminder's delay", all_of(is_step("reminder 1"), CHAIN_IS_OVER, after(DAY - MINUTE, channel="sms"))),
    ("reminder's delay", all_of(is_step("reminder 2", "sms"), CHAIN_IS_OVER, after(HOUR, step="reminder 1"))),
    ("sms of the chain comes before", all_of(is_step("reminder 1"), after(DAY))),
    ("had accepted it", all_of(is_step("reminder 1"), CHAIN_IS_OVER, after(DAY, step="reminder 1"))),
    (
        "throttled",
        all_of(is_step("reminder 1"), campaign_has(throttle=DAY), CHAIN_IS_OVER, lambda call: by_another(call, HOUR)),
    ),
    ("the chain had ended", all_of(by_sms, after(DAY, has_failed=True), after(HOUR, step="reminder 1"))),
    ("no such thanks", all_of(is_step("thanks 3"), ANSWERED)),
    ("no such thanks", all_of(is_step("thanks 1", "sms"), ANSWERED)),
    ("nobody has answered", is_step("thanks 1")),
    ("the answer came", all_of(is_step("thanks 1"), journey_has(responded_at=NOW - HOUR + MINUTE))),
    ("has been thanked", all_of(is_step("thanks 2", "sms"), ANSWERED, after(HOUR, step="thanks 1"))),
    ("had accepted it", all_of(is_step("thanks 1"), ANSWERED, after(HOUR, step="thanks 1"))),
    ("quiet in Asia/Tokyo", all_of(is_step("thanks 1"), ANSWERED, person_has(zone="Asia/Tokyo"))),
    ("opted out", all_of(is_step("thanks 1"), ANSWERED, person_has(is_opted_out=True))),
]
PERMITTED: list[Change] = [
    campaign_has(not_after=NOW, expires_at=NOW + MINUTE, scheduled_at=NOW),
    all_of(campaign_has(throttle=DAY, minimum_days=1), lambda call: by_another(call, DAY)),
    all_of(campaign_has(throttle=2 * DAY), journey_has(last_sent_at=NOW - 3 * DAY), lambda call: by_another(call, DAY)),
    all_of(by_sms, lambda call: earlier(call, HOUR, "accepted")),
    all_of(by_sms, lambda call: earlier(call, MINUTE, "accepted", has_failed=True)),
    all_of(by_sms, lambda call: earlier(call, MINUTE, "permanent")),
    lambda call: earlier(call, WINDOW, "unknown"),
    lambda call: earlier(call, MINUTE, "transient"),
    all_of(by_sms, lambda call: earlier(call, 22 * HOUR, "transient")),
    # The stop condition counts only if the message has not failed, and only if the distribution has it.
    all_of(by_sms, campaign_has(stops_on="opened"), after(DAY, is_opened=True, has_failed=True)),
    all_of(by_sms, campaign_has(stops_on="opened"), after(DAY, is_delivered=True)),
    all_of(by_sms, journey_has(is_opened=True), after(DAY, is_delivered=True, is_opened=True)),
    all_of(is_step("reminder 1"), CHAIN_IS_OVER),
    all_of(is_step("reminder 1"), after(3 * DAY, "unknown", "sms", is_known=True)),
    all_of(is_step("reminder 2", "sms"), CHAIN_IS_OVER, after(2 * HOUR, step="reminder 1")),
    # A reminder may follow if the chain has no other channel left that reaches the person.
    all_of(is_step("reminder 1"), after(DAY), campaign_has(is_multi=False)),
    all_of(is_step("reminder 1"), after(DAY), campaign_has(fallback_delay=None)),
    all_of(is_step("reminder 1"), after(DAY), campaign_has(stops_on="delivered"), journey_has(is_opened=True)),
    all_of(is_step("reminder 1"), after(DAY), person_has(addresses={"email": EMAIL})),
    all_of(is_step("reminder 1"), after(DAY), lambda call: call.journey.person.tenant.close("sms", PHONE, "bounce")),
    # A reminder bounced after all, as the invitation before it had …
    all_of(by_sms, after(DAY, has_failed=True), after(HOUR, step="reminder 1", has_failed=True)),
    # … and the chain continues from channel to channel.
    all_of(
        is_step("invitation", "whatsapp"),
        campaign_has(channels=("email", "sms", "whatsapp")),
        person_has(addresses={"email": EMAIL, "sms": PHONE, "whatsapp": PHONE}),
        after(2 * DAY, has_failed=True),
        after(DAY, step="reminder 1", has_failed=True),
        after(HOUR, channel="sms"),
    ),
    all_of(is_step("thanks 1"), ANSWERED),
    all_of(is_step("thanks 1"), ANSWERED, campaign_has(throttle=DAY), lambda call: by_another(call, MINUTE)),
    all_of(is_step("thanks 2", "sms"), ANSWERED, after(MINUTE, "permanent", step="thanks 1")),
]


@pytest.mark.parametrize(("named", "change"), BREACHES)
def test_each_breach_is_named(named: str, change: Change) -> None:
    call = make_call()
    change(call)
    assert any(named in fault for fault in judged(call))


@pytest.mark.parametrize("change", PERMITTED)
def test_what_the_rules_allow_is_no_fault(change: Change) -> None:
    call = make_call()
    change(call)
    assert judged(call) == []


def test_a_second_copy_is_a_risk_only_while_no_event_reports_the_first() -> None:
    for is_known, risks in ((False, 1), (True, 0)):
        call = make_call()
        earlier(call, HOUR, "unknown", is_known=is_known)
        call.answer = "accepted"
        expect_risk(call)
        assert call.journey.campaign.duplicate_risks == risks


@pytest.mark.parametrize(
    ("zone", "quiet", "first", "over"),
    [
        # The gap from 02:00 to 03:00 swallows the end …
        ("Europe/Warsaw", (time(1), time(2, 30)), utc(2026, 3, 29, 0), utc(2026, 3, 29, 1)),
        # … and where 02:30 comes twice the second one ends it.
        ("Europe/Warsaw", (time(1), time(2, 30)), utc(2026, 10, 24, 23), utc(2026, 10, 25, 1, 30)),
        ("Australia/Lord_Howe", (time(1), time(2, 15)), utc(2026, 10, 3, 14, 30), utc(2026, 10, 3, 15, 30)),
        ("UTC", (time(22), time(6)), utc(2026, 10, 3, 22), utc(2026, 10, 4, 6)),
    ],
)
def test_quiet_by_the_wall(zone: str, quiet: tuple[time, time], first: datetime, over: datetime) -> None:
    hours = Hours(quiet, frozenset(range(1, 8)))
    quiet_periods = QuietPeriods(first.date(), over.date())
    held = [quiet_periods.cover(hours, zone, at) for at in (first - MINUTE, first, over - MINUTE, over)]
    assert held == [False, True, True, False]


def test_quiet_on_other_weekdays() -> None:
    quiet_periods = QuietPeriods(NOW.date(), (NOW + 7 * DAY).date())
    midnight = datetime(2026, 10, 15, 22, tzinfo=UTC)  # Friday begins in Warsaw
    held = [
        quiet_periods.cover(Hours(None, frozenset({5})), "Europe/Warsaw", midnight + ago) for ago in (-MINUTE, 0 * DAY)
    ]
    assert held == [True, False]
