"""A distribution's counts: added to by several transactions at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from contacts.models import Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.transitions import add_counts
from distributor.models import Distribution, Survey
from tests.support.simultaneous import run_together, wait_until_blocked


def _distributions(organization: Organization, survey: Survey, count: int) -> list[UUID]:
    now = database_now()
    rows = [
        Distribution(organization=organization, survey=survey, source="test", accepted_count=1_000, created_at=now)
        for _ in range(count)
    ]
    return [row.pk for row in Distribution.objects.bulk_create(rows)]


def _counts(distribution_id: UUID) -> tuple[int, int, int]:
    return Distribution.objects.values_list("sent_count", "opened_count", "reached_count").get(pk=distribution_id)


@pytest.mark.django_db
def test_counts_of_many_distributions_are_one_statement(
    organization: Organization, survey: Survey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first, second, third = _distributions(organization, survey, 3)
    with django_assert_num_queries(1):
        add_counts({first: Counter(sent_count=2, opened_count=1), second: Counter(reached_count=3), third: Counter()})
    assert [_counts(each) for each in (first, second, third)] == [(2, 1, 0), (0, 0, 3), (0, 0, 0)]
    add_counts({first: Counter({"sent_count": -1, "opened_count": 0})})
    assert _counts(first) == (1, 1, 0)
    with django_assert_num_queries(0):
        add_counts({first: Counter(sent_count=0), second: Counter()})


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_another_transaction_adds_to_what_it_wrote(organization: Organization, survey: Survey) -> None:
    first, second = _distributions(organization, survey, 2)

    def add_later() -> None:
        try:
            add_counts({second: Counter(sent_count=20), first: Counter(sent_count=10)})
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            add_counts({first: Counter(sent_count=1), second: Counter(sent_count=2)})
            waiting = pool.submit(add_later)
            wait_until_blocked(1)
        waiting.result(60)
    assert [_counts(each)[0] for each in (first, second)] == [11, 22]


@pytest.mark.django_db(transaction=True)
def test_transactions_in_opposite_orders_do_not_deadlock(organization: Organization, survey: Survey) -> None:
    ids = _distributions(organization, survey, 5)

    def add(order: list[UUID]) -> None:
        for _ in range(50):
            add_counts({each: Counter(sent_count=1) for each in order})

    run_together([lambda: add(ids), lambda: add(ids[::-1])])
    assert [_counts(each)[0] for each in ids] == [100] * 5
