"""Requests are counted in portions: never more than the quota, nearly all of it, and few questions to Valkey."""

from collections.abc import Iterator
from random import Random
from uuid import uuid4

import pytest
from pytest_django import Settings
from redis import Redis

from distributor.api.calls.request_counts import PORTIONS, RequestCounts
from distributor.engine.infrastructure import valkey

MINUTE = 32_000_000
PROCESSES = 4


@pytest.fixture(autouse=True)
def asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, int]]]:
    """What Valkey is asked to add, question by question. The counters are gone afterwards."""
    monkeypatch.setattr(valkey, "_paused_until", 0.0)
    questions: list[dict[str, int]] = []

    def add_up(numbers: dict[str, int], lifetime_seconds: int) -> object:
        questions.append(dict(numbers))
        return valkey.add_up(numbers, lifetime_seconds)

    monkeypatch.setattr("distributor.api.calls.request_counts.add_up", add_up)
    counts = Redis.from_url(settings.REDIS_URL)
    yield questions
    for key in counts.scan_iter("distributor:requests:*"):
        counts.delete(key)


@pytest.fixture
def counter() -> str:
    return f"key:{uuid4()}"


def number_of(counts: RequestCounts, counter: str, quota: int, minute: int = MINUTE) -> int:
    numbers = counts.count({counter: quota}, minute)
    assert numbers is not None
    return numbers[counter]


@pytest.mark.parametrize("quota", [1, 10, 1_999, 2_000, 5_000, 12_345])
def test_processes_together_allow_nearly_the_quota_and_never_more(counter: str, quota: int) -> None:
    random, processes = Random(quota), [RequestCounts() for _ in range(PROCESSES)]
    numbers = [number_of(random.choice(processes), counter, quota) for _ in range(quota + 100)]
    assert len(set(numbers)) == len(numbers)
    allowed = sum(number <= quota for number in numbers)
    assert quota - PROCESSES * (quota // PORTIONS) <= allowed <= quota


def test_one_process_allows_the_whole_quota_in_order(counter: str) -> None:
    counts = RequestCounts()
    assert [number_of(counts, counter, 5_000) for _ in range(5_200)] == list(range(1, 5_201))


def test_a_large_quota_is_rarely_asked_for(counter: str, asked: list[dict[str, int]]) -> None:
    counts = RequestCounts()
    for _ in range(1_000):
        number_of(counts, counter, 1_000_000)
    assert len(asked) == 1


def test_a_small_quota_is_counted_one_by_one(counter: str, asked: list[dict[str, int]]) -> None:
    counts = RequestCounts()
    for _ in range(5):
        number_of(counts, counter, 1_999)
    assert [list(question.values()) for question in asked] == [[1]] * 5


def test_each_counter_has_portions_of_its_own(counter: str, asked: list[dict[str, int]]) -> None:
    counts, other = RequestCounts(), f"organization:{uuid4()}"
    for _ in range(3):
        counts.count({counter: 100, other: 100_000}, MINUTE)
    assert [len(question) for question in asked] == [2, 1, 1]
    assert counts.count({counter: 100, other: 100_000}, MINUTE) == {counter: 4, other: 4}


def test_a_portion_ends_with_its_minute(counter: str) -> None:
    counts = RequestCounts()
    assert [number_of(counts, counter, 100_000) for _ in range(2)] == [1, 2]
    assert number_of(counts, counter, 100_000, MINUTE + 1) == 1


def test_portions_that_are_taken_at_the_same_moment_are_both_used(
    counter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, numbers = RequestCounts(), set[int]()
    is_other_thread = False

    def ask_while_another_thread_asks(asked: dict[str, int], lifetime_seconds: int) -> object:
        nonlocal is_other_thread
        if not is_other_thread:
            is_other_thread = True
            numbers.add(number_of(counts, counter, 10_000))
            is_other_thread = False
        return valkey.add_up(asked, lifetime_seconds)

    monkeypatch.setattr("distributor.api.calls.request_counts.add_up", ask_while_another_thread_asks)
    while len(numbers) < 1_000:
        numbers.add(number_of(counts, counter, 10_000))
    assert max(numbers) <= 1_000 + 2 * 10


def test_a_portion_that_comes_after_its_minute_is_not_used(counter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = RequestCounts()

    def ask_while_the_next_minute_begins(numbers: dict[str, int], lifetime_seconds: int) -> object:
        counts.count({}, MINUTE + 1)
        return valkey.add_up(numbers, lifetime_seconds)

    monkeypatch.setattr("distributor.api.calls.request_counts.add_up", ask_while_the_next_minute_begins)
    assert [number_of(counts, counter, 100_000), number_of(counts, counter, 100_000, MINUTE + 1)] == [1, 1]
    assert number_of(counts, counter, 100_000, MINUTE + 1) == 2


def test_a_quota_that_is_lowered_holds_at_once(counter: str) -> None:
    counts = RequestCounts()
    for _ in range(10):
        number_of(counts, counter, 100_000)
    assert number_of(counts, counter, 10) > 10


def test_without_valkey_nothing_is_counted(counter: str, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert RequestCounts().count({counter: 10}, MINUTE) is None
