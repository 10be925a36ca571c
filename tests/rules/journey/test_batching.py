import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.models.batch import Lane
from distributor.rules.journey.batching import BATCH_SIZE, cut, lane_for


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
