"""Scores in the database: counts add up and fade, and only big destinations are counted apart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from pytest_django import DjangoAssertNumQueries

from channels.account_state.scores import MOST_DESTINATIONS, Gain, add_to_scores, record_of
from channels.account_state.steering import HALF_LIFE, Tally
from channels.models import AccountScore, ProviderAccount
from contacts.channel import Channel
from tests.channels.account_state.steered_world import remember

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GMAIL = "gmail.com"


@pytest.fixture
def account(accounts: dict[Channel, ProviderAccount]) -> ProviderAccount:
    return accounts[Channel.EMAIL]


def add(
    account: ProviderAccount,
    destination: str,
    now: datetime = NOW,
    draw: Callable[[], float] | None = None,
    **counts: float,
) -> None:
    add_to_scores([Gain(account.id, destination, Tally(**counts))], now, draw)


def tally_of(account: ProviderAccount, destination: str, now: datetime) -> Tally:
    record = record_of(AccountScore.objects.filter(account=account), now)
    return record.destinations[destination] if destination else record.others


def always() -> float:
    return 0.0


def test_counts_add_up_and_fade_with_time_and_with_further_messages(account: ProviderAccount) -> None:
    draw, now, expected = Random(1), NOW, Tally()
    for _ in range(30):
        new = Tally(*(draw.choice([0, 0, 1, 7, 400.5]) for _ in range(8)))
        age = timedelta(seconds=draw.choice([-5, 0, 1, 600, 90_000]))
        add_to_scores([Gain(account.id, "", new)], now + age)
        expected = remember(expected, new, age)
        now = max(now, now + age)
        assert vars_of(tally_of(account, "", now)) == pytest.approx(vars_of(expected), abs=1e-5)


def vars_of(tally: Tally) -> list[float]:
    return [getattr(tally, name) for name in Tally.__slots__]


def test_six_hours_later_half_is_left(account: ProviderAccount) -> None:
    add(account, "", taken=8, calls=2)
    assert tally_of(account, "", NOW + HALF_LIFE) == Tally(taken=4, calls=1)


def test_counts_of_years_ago_are_no_trouble(account: ProviderAccount) -> None:
    for year in range(30):
        add(account, "", NOW + timedelta(days=365 * year), taken=1, delivered=5e-7)
    assert tally_of(account, "", NOW + timedelta(days=365 * 29)).taken == 1


def test_a_big_destination_is_counted_apart_and_keeps_its_row(account: ProviderAccount) -> None:
    add(account, GMAIL, draw=lambda: 0.99, taken=20)
    add(account, GMAIL, draw=lambda: 0.99, taken=1)
    assert tally_of(account, GMAIL, NOW).taken == pytest.approx(21, abs=0.1)


def test_a_small_domain_counts_among_the_others(account: ProviderAccount) -> None:
    add(account, "small.example", draw=lambda: 0.06, taken=1)
    assert tally_of(account, "", NOW).taken == 1


def test_one_message_in_twenty_makes_a_domain_apart(account: ProviderAccount) -> None:
    add(account, "small.example", draw=lambda: 0.04, taken=1)
    assert tally_of(account, "small.example", NOW).taken == 1


def test_a_country_is_counted_apart_from_its_first_message(account: ProviderAccount) -> None:
    add(account, "+48", draw=lambda: 0.99, taken=1)
    assert tally_of(account, "+48", NOW).taken == 1


def test_reports_make_no_destination_apart(account: ProviderAccount) -> None:
    add(account, "+48", reported=30)
    assert tally_of(account, "", NOW).reported == 30


def test_the_table_stays_small(account: ProviderAccount) -> None:
    for call in range(3):
        gains = [Gain(account.id, f"{call}-{number}.example", Tally(taken=number + 2)) for number in range(60)]
        add_to_scores(gains, NOW, always)
    record = record_of(AccountScore.objects.filter(account=account), NOW)
    assert len(record.destinations) == MOST_DESTINATIONS
    assert "0-59.example" in record.destinations
    total = sum(tally.taken for tally in record.destinations.values()) + record.others.taken
    assert 0 < total < 3 * sum(range(2, 62))


def test_a_destination_that_is_hardly_used_makes_room(account: ProviderAccount) -> None:
    add(account, "old.example", draw=always, taken=3)
    add(account, GMAIL, NOW + 3 * HALF_LIFE, draw=always, taken=30)
    assert set(AccountScore.objects.values_list("destination", flat=True)) == {GMAIL}


def test_other_accounts_are_left_alone(account: ProviderAccount, accounts: dict[Channel, ProviderAccount]) -> None:
    add(accounts[Channel.SMS], "+48", draw=always, taken=3)
    add(account, GMAIL, NOW + 3 * HALF_LIFE, draw=always, taken=30)
    assert AccountScore.objects.count() == 2


def test_a_call_of_many_destinations_is_written_by_one_statement(
    account: ProviderAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    gains = [Gain(account.id, f"{number}.example", Tally(taken=30)) for number in range(10)]
    with django_assert_num_queries(1):
        add_to_scores(gains, NOW, always)
