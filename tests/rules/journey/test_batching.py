from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.models.batch import Lane
from distributor.rules.journey.batching import BATCH_SIZE, DistributionStatus, cut, distribution_status, lane_for

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("count", "lane"),
    [
        (0, "urgent"),
        (1, "urgent"),
        (10, "urgent"),
        (11, "normal"),
        (500, "normal"),
        (501, "bulk"),
        (1_000, "bulk"),
        (1_000_000, "bulk"),
    ],
)
def test_small_sends_overtake_large_ones(count: int, lane: str) -> None:
    assert lane_for(count) == lane


@given(st.integers(min_value=0, max_value=10_000_000))
def test_every_size_has_a_lane_that_exists(count: int) -> None:
    assert lane_for(count) in Lane.values


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (999, [999]), (1_000, [1_000]), (1_001, [1_000, 1]), (2_500, [1_000, 1_000, 500])],
)
def test_a_batch_holds_a_thousand_at_most(count: int, sizes: list[int]) -> None:
    assert BATCH_SIZE == 1_000
    assert [len(run) for run in cut(range(count))] == sizes


@given(st.lists(st.integers()), st.integers(min_value=1, max_value=20))
def test_cutting_loses_and_reorders_nothing(items: list[int], size: int) -> None:
    runs = list(cut(items, size))
    assert [item for run in runs for item in run] == items
    assert all(len(run) == size for run in runs[:-1])
    assert all(1 <= len(run) <= size for run in runs)


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
def test_how_a_distribution_stands(waiting: int, scheduled_at: datetime | None, status: str) -> None:
    assert distribution_status(waiting, scheduled_at, NOW) == status


@given(
    waiting=st.integers(min_value=0, max_value=2**31),
    scheduled_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    now=st.datetimes(timezones=st.just(UTC)),
)
def test_a_status_never_lies(waiting: int, scheduled_at: datetime | None, now: datetime) -> None:
    status = distribution_status(waiting, scheduled_at, now)
    is_to_come = scheduled_at is not None and scheduled_at > now
    assert (status is DistributionStatus.COMPLETED) == (waiting == 0)
    assert (status is DistributionStatus.SCHEDULED) == (waiting > 0 and is_to_come)
    assert (status is DistributionStatus.SENDING) == (waiting > 0 and not is_to_come)


def test_what_is_still_brought_to_its_people_is_not_completed() -> None:
    assert distribution_status(0, None, NOW, is_arming=True) == "sending"
    assert distribution_status(0, None, NOW, is_arming=True, paused_at=NOW) == "paused"


@pytest.mark.parametrize(
    ("waiting", "held", "status"),
    [
        (0, {}, "preparing"),
        (5, {}, "preparing"),
        (0, {"paused_at": NOW}, "paused"),
        (5, {"cancelled_at": NOW}, "cancelled"),
    ],
)
def test_an_audience_that_is_being_read_is_not_completed(waiting: int, held: dict[str, Any], status: str) -> None:
    assert distribution_status(waiting, NOW + timedelta(days=1), NOW, is_preparing=True, **held) == status
