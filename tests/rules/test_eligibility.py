from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.rules.eligibility import (
    OPT_OUT_REASONS,
    ContactFacts,
    ContactLimits,
    Reason,
    Refusal,
    choose_channel,
    refuse_channel,
    refuse_contact,
    refuse_too_soon,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
EVERYWHERE = {"email": "a@b.example", "sms": "+48600000001", "whatsapp": "+48600000001"}
UNLIMITED = ContactLimits()

channel_lists = st.lists(st.sampled_from(sorted(EVERYWHERE)), min_size=1, max_size=4)
moments = st.none() | st.datetimes(
    NOW.replace(year=2020, tzinfo=None), NOW.replace(year=2030, tzinfo=None), timezones=st.just(UTC)
)
day_limits = st.none() | st.integers(min_value=0, max_value=32_767)
limits = st.builds(ContactLimits, minimum_days=day_limits, recent_days=day_limits)
suppression_reasons = ["unsubscribe", "stop", "bounce", "complaint", "manual", "import"]
people = st.builds(
    ContactFacts,
    addresses=st.dictionaries(st.sampled_from(sorted(EVERYWHERE)), st.sampled_from(["", "x"])),
    suppressions=st.dictionaries(st.sampled_from(sorted(EVERYWHERE)), st.sampled_from(suppression_reasons)),
    opted_out_at=moments,
    last_contacted_at=moments,
)


def choose(
    facts: ContactFacts,
    channels: Sequence[str] = ("email",),
    *,
    exclude: bool = True,
    limits: ContactLimits = UNLIMITED,
    leaves_at: datetime = NOW,
) -> int | Refusal:
    return choose_channel(facts, channels, exclude_opted_out=exclude, limits=limits, leaves_at=leaves_at)


def reason_of(verdict: int | Refusal | None) -> Reason:
    assert isinstance(verdict, Refusal)
    return verdict.reason


@pytest.mark.parametrize(
    ("addresses", "channels", "position"),
    [
        (EVERYWHERE, ["email"], 0),
        (EVERYWHERE, ["sms", "email"], 0),
        ({"sms": "+48600000001"}, ["email", "sms"], 1),
        ({"email": "", "whatsapp": "+48600000001"}, ["email", "sms", "whatsapp"], 2),
        ({"email": "a@b.example"}, ["email", "email"], 0),
    ],
)
def test_the_first_channel_with_an_address_is_chosen(
    addresses: Mapping[str, str], channels: Sequence[str], position: int
) -> None:
    assert choose(ContactFacts(addresses), channels) == position


def test_a_contact_without_any_address_is_refused_with_the_first_channel_named() -> None:
    refusal = choose(ContactFacts({"whatsapp": "+48600000001"}), ["sms", "email"])
    assert refusal == Refusal(Reason.NO_ADDRESS, {"channel": "sms"})


@pytest.mark.parametrize("suppression", sorted(OPT_OUT_REASONS))
def test_an_unsubscribed_address_is_an_opt_out_of_its_channel(suppression: str) -> None:
    refusal = refuse_channel(ContactFacts(EVERYWHERE, {"sms": suppression}), "sms")
    assert refusal == Refusal(Reason.OPTED_OUT, {"channel": "sms", "suppression": suppression})


@pytest.mark.parametrize("suppression", sorted(set(suppression_reasons) - OPT_OUT_REASONS))
def test_a_suppression_that_nobody_asked_for_is_no_opt_out(suppression: str) -> None:
    refusal = refuse_channel(ContactFacts(EVERYWHERE, {"email": suppression}), "email")
    assert refusal == Refusal(Reason.SUPPRESSED, {"channel": "email", "suppression": suppression})


def test_a_channel_without_an_address_is_not_also_called_suppressed() -> None:
    assert reason_of(refuse_channel(ContactFacts({}, {"sms": "stop"}), "sms")) is Reason.NO_ADDRESS


def test_a_number_that_is_not_sent_to_closes_its_channels_and_no_other() -> None:
    facts = ContactFacts(EVERYWHERE, number_refusal={"numberKind": "pager"})
    for channel in ("sms", "whatsapp"):
        detail = {"channel": channel, "numberKind": "pager"}
        assert refuse_channel(facts, channel) == Refusal(Reason.NUMBER_NOT_ALLOWED, detail)
    assert refuse_channel(facts, "email") is None
    assert choose(facts, ["sms", "email"]) == 1


def test_a_suppression_on_one_channel_leaves_the_others() -> None:
    assert choose(ContactFacts(EVERYWHERE, {"email": "bounce"}), ["email", "sms"]) == 1


@pytest.mark.parametrize(
    ("channels", "suppressions", "reason"),
    [
        (["email", "sms"], {"email": "bounce", "sms": "stop"}, Reason.OPTED_OUT),
        (["sms", "email"], {"sms": "stop", "email": "bounce"}, Reason.OPTED_OUT),
        (["email", "sms"], {"email": "bounce", "sms": "manual"}, Reason.SUPPRESSED),
    ],
)
def test_of_several_refusals_the_gravest_is_given(
    channels: Sequence[str], suppressions: Mapping[str, str], reason: Reason
) -> None:
    assert reason_of(choose(ContactFacts(EVERYWHERE, suppressions), channels)) is reason


def test_a_suppression_outranks_a_missing_address() -> None:
    facts = ContactFacts({"email": "a@b.example"}, {"email": "bounce"})
    assert reason_of(choose(facts, ["sms", "email"])) is Reason.SUPPRESSED


def test_an_opted_out_contact_is_refused_with_the_date() -> None:
    refusal = choose(ContactFacts(EVERYWHERE, opted_out_at=NOW - A_DAY))
    assert refusal == Refusal(Reason.OPTED_OUT, {"since": "2026-02-28T12:00:00+00:00"})


def test_an_opted_out_contact_may_get_a_link_but_no_message() -> None:
    facts = ContactFacts(EVERYWHERE, {"email": "unsubscribe"}, opted_out_at=NOW - A_DAY)
    assert choose(facts, exclude=False) == 0
    assert reason_of(refuse_contact(facts, UNLIMITED, NOW)) is Reason.OPTED_OUT
    assert reason_of(refuse_channel(facts, "email")) is Reason.OPTED_OUT


def test_without_excluding_opt_outs_a_bounced_address_is_still_refused() -> None:
    assert reason_of(choose(ContactFacts(EVERYWHERE, {"email": "bounce"}), exclude=False)) is Reason.SUPPRESSED


@pytest.mark.parametrize("days", [1, 30, 365])
@pytest.mark.parametrize(
    ("name", "reason"),
    [("minimum_days", Reason.FREQUENCY_RULE), ("recent_days", Reason.RECENTLY_CONTACTED)],
)
def test_a_limit_ends_when_so_many_days_have_passed(days: int, name: str, reason: Reason) -> None:
    limits = ContactLimits(**{name: days})
    ends_now = NOW - timedelta(days=days)
    assert refuse_too_soon(ends_now, limits, NOW) is None
    assert refuse_too_soon(ends_now + TICK, limits, NOW) == Refusal(
        reason, {"lastContactedAt": (ends_now + TICK).isoformat(), "days": days}
    )


def test_a_limit_of_zero_days_is_no_limit() -> None:
    assert refuse_too_soon(NOW, ContactLimits(0, 0), NOW) is None


@pytest.mark.parametrize("limits", [ContactLimits(minimum_days=30), ContactLimits(recent_days=30)])
def test_a_limit_is_judged_for_the_moment_of_sending_and_not_of_the_call(limits: ContactLimits) -> None:
    facts = ContactFacts(EVERYWHERE, last_contacted_at=NOW - A_DAY)
    assert isinstance(choose(facts, limits=limits, leaves_at=NOW + 29 * A_DAY - TICK), Refusal)
    assert choose(facts, limits=limits, leaves_at=NOW + 29 * A_DAY) == 0


def test_the_frequency_rule_is_named_before_the_recent_contact() -> None:
    assert reason_of(refuse_too_soon(NOW - A_DAY, ContactLimits(30, 30), NOW)) is Reason.FREQUENCY_RULE
    assert reason_of(refuse_too_soon(NOW - A_DAY, ContactLimits(1, 30), NOW)) is Reason.RECENTLY_CONTACTED


def test_a_contact_never_sent_to_breaks_no_frequency_rule() -> None:
    assert refuse_too_soon(None, ContactLimits(365, 365), NOW) is None


def test_an_opt_out_outranks_a_frequency_rule() -> None:
    facts = ContactFacts(EVERYWHERE, opted_out_at=NOW, last_contacted_at=NOW)
    assert reason_of(refuse_contact(facts, ContactLimits(1), NOW)) is Reason.OPTED_OUT
    assert reason_of(choose(facts, limits=ContactLimits(1))) is Reason.OPTED_OUT


def test_a_frequency_rule_outranks_a_missing_address() -> None:
    assert reason_of(choose(ContactFacts({}, last_contacted_at=NOW), limits=ContactLimits(1))) is Reason.FREQUENCY_RULE


@pytest.mark.parametrize("reason", Reason)
def test_only_what_is_about_an_address_leaves_the_other_channels_open(reason: Reason) -> None:
    about_addresses = {Reason.SUPPRESSED, Reason.NUMBER_NOT_ALLOWED, Reason.NOT_IN_TEAM, Reason.NO_ADDRESS}
    assert reason.is_about_the_channel == (reason in about_addresses)


@given(people, channel_lists, st.booleans(), limits)
def test_every_contact_gets_a_verdict(
    facts: ContactFacts, channels: list[str], exclude: bool, limits: ContactLimits
) -> None:
    verdict = choose(facts, channels, exclude=exclude, limits=limits)
    if isinstance(verdict, Refusal):
        assert verdict.reason in set(Reason) - {Reason.THROTTLED, Reason.EXPIRED, Reason.TOO_LATE}
        assert verdict.detail
    else:
        assert facts.addresses.get(channels[verdict])
        assert all(refuse_channel(facts, channel) is not None for channel in channels[:verdict] if exclude)


@given(people, channel_lists, limits)
def test_an_accepted_contact_could_be_sent_to_at_once(
    facts: ContactFacts, channels: list[str], limits: ContactLimits
) -> None:
    verdict = choose(facts, channels, limits=limits)
    may_be_sent = [
        position
        for position, channel in enumerate(channels)
        if refuse_contact(facts, limits, NOW) is None and refuse_channel(facts, channel) is None
    ]
    assert may_be_sent[:1] == ([] if isinstance(verdict, Refusal) else [verdict])


@given(people, channel_lists, limits)
def test_including_opt_outs_only_adds_recipients(
    facts: ContactFacts, channels: list[str], limits: ContactLimits
) -> None:
    if not isinstance(choose(facts, channels, limits=limits), Refusal):
        assert not isinstance(choose(facts, channels, exclude=False, limits=limits), Refusal)
