from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.rules.journey.distribution_status import DistributionStatus, distribution_status

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("waiting", "scheduled_at", "status"),
    [
        (0, None, "completed"),
        (0, NOW - TICK, "completed"),
        (0, NOW + timedelta(days=1), "completed"),
        (1, None, "sending"),
        (1, NOW - TICK, "sending"),
        (1, NOW, "sending"),
        (1, NOW + TICK, "scheduled"),
        (1, datetime.max.replace(tzinfo=UTC), "scheduled"),
    ],
)
def test_status_by_waiting_count_and_schedule(waiting: int, scheduled_at: datetime | None, status: str) -> None:
    assert distribution_status(waiting, scheduled_at, NOW) == status


@given(
    waiting=st.integers(min_value=0, max_value=2**31),
    scheduled_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    now=st.datetimes(timezones=st.just(UTC)),
)
def test_status_holds_for_any_counts_and_times(waiting: int, scheduled_at: datetime | None, now: datetime) -> None:
    status = distribution_status(waiting, scheduled_at, now)
    is_in_future = scheduled_at is not None and scheduled_at > now
    assert (status is DistributionStatus.COMPLETED) == (waiting == 0)
    assert (status is DistributionStatus.SCHEDULED) == (waiting > 0 and is_in_future)
    assert (status is DistributionStatus.SENDING) == (waiting > 0 and not is_in_future)


def test_while_a_step_is_being_assigned_the_distribution_is_not_completed() -> None:
    assert distribution_status(0, None, NOW, is_arming=True) == "sending"
    assert distribution_status(0, None, NOW, is_arming=True, paused_at=NOW) == "paused"


@pytest.mark.parametrize(
    ("waiting", "switches", "status"),
    [
        (0, {}, "preparing"),
        (5, {}, "preparing"),
        (0, {"paused_at": NOW}, "paused"),
        (5, {"cancelled_at": NOW}, "cancelled"),
    ],
)
def test_while_the_audience_is_being_read_the_distribution_is_not_completed(
    waiting: int, switches: dict[str, Any], status: str
) -> None:
    assert distribution_status(waiting, NOW + timedelta(days=1), NOW, is_preparing=True, **switches) == status
