from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.throttle import ThrottlePolicy, baseline, refuse_throttled, throttled_until
from distributor.rules.timing.time_zones import LAST_MOMENT

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)

moments = st.datetimes(timezones=st.just(UTC))
intervals = st.timedeltas(timedelta(0), timedelta(days=32_767))


@pytest.mark.parametrize(
    ("recorded_at", "given_at", "counts"),
    [
        (None, None, None),
        (NOW - A_DAY, None, NOW - A_DAY),
        (None, NOW - A_DAY, NOW - A_DAY),
        (NOW - A_DAY, NOW - 40 * A_DAY, NOW - 40 * A_DAY),  # what is given lifts the throttle …
        (NOW - 40 * A_DAY, NOW - A_DAY, NOW - A_DAY),  # … or sets it
        (NOW, NOW - A_DAY, NOW - A_DAY),
        (NOW + TICK, NOW - A_DAY, NOW + TICK),  # sent since the call was accepted
        (NOW + TICK, NOW + A_DAY, NOW + A_DAY),
    ],
)
def test_the_given_date_replaces_the_record_at_acceptance(
    recorded_at: datetime | None, given_at: datetime | None, counts: datetime | None
) -> None:
    assert baseline(recorded_at, given_at, accepted_at=NOW) == counts


def test_of_two_calls_that_both_give_an_old_date_the_second_sees_the_first_ones_send() -> None:
    first_begins_at = NOW + TICK
    assert baseline(None, NOW - 40 * A_DAY, accepted_at=NOW) == NOW - 40 * A_DAY
    counts = baseline(first_begins_at, NOW - 40 * A_DAY, accepted_at=NOW)
    assert throttled_until(counts, 30 * A_DAY) == first_begins_at + 30 * A_DAY


@pytest.mark.parametrize(
    ("last_sent_at", "interval", "until"),
    [
        (NOW, 7 * A_DAY, NOW + 7 * A_DAY),
        (NOW, timedelta(minutes=90), NOW + timedelta(minutes=90)),
        (None, 7 * A_DAY, None),
        (NOW, None, None),
        (NOW, timedelta(0), None),
        (LAST_MOMENT - A_DAY, 7 * A_DAY, LAST_MOMENT),
    ],
)
def test_a_throttle_lasts_for_its_interval(
    last_sent_at: datetime | None, interval: timedelta | None, until: datetime | None
) -> None:
    assert throttled_until(last_sent_at, interval) == until


def test_the_throttle_is_judged_at_the_moment_of_sending_and_ends_when_the_interval_has_passed() -> None:
    ends_at = NOW + 7 * A_DAY
    assert refuse_throttled(NOW, 7 * A_DAY, ends_at) is None
    assert refuse_throttled(NOW, 7 * A_DAY, ends_at - TICK) == Refusal(
        Reason.THROTTLED, {"lastSentAt": "2026-03-01T12:00:00+00:00", "until": "2026-03-08T12:00:00+00:00"}
    )


@pytest.mark.parametrize(("last_sent_at", "interval"), [(None, A_DAY), (NOW, None), (NOW, timedelta(0)), (None, None)])
def test_without_an_earlier_send_or_an_interval_nothing_is_throttled(
    last_sent_at: datetime | None, interval: timedelta | None
) -> None:
    assert refuse_throttled(last_sent_at, interval, NOW) is None


@given(moments, intervals, moments)
def test_after_the_interval_a_contact_is_no_longer_throttled(
    last_sent_at: datetime, interval: timedelta, moment: datetime
) -> None:
    until = throttled_until(last_sent_at, interval)
    assert (refuse_throttled(last_sent_at, interval, moment) is None) == (until is None or moment >= until)
    assert until is None or refuse_throttled(last_sent_at, interval, until) is None


def test_the_policies_have_the_names_that_callers_write() -> None:
    assert [policy.value for policy in ThrottlePolicy] == ["defer", "skip", "reject"]
