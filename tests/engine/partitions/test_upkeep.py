"""Partitions are made before they are needed, and nothing fails where none was made."""

from datetime import timedelta

import pytest
from django.db import connection

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy import upkeep
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.models import Attempt, Recipient
from distributor.partitions import changes
from distributor.partitions.catalogue import last_id, read_partitions, read_value
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PARTITIONED, WIDTH, PartitionedTable
from distributor.tasks import keep_partitions_in_order
from tests.engine.conftest import Send
from tests.engine.partitions.conftest import Pass
from tests.support.engine.partitions import assert_every_key_has_a_partition, count_rows, current, names
from tests.support.engine.people import dispatch, given, totals_of

pytestmark = pytest.mark.django_db
DAY, MONTH = timedelta(days=1), timedelta(days=31)


@pytest.mark.parametrize("table", PARTITIONED)
def test_the_next_partition_is_made_before_it_begins(send: Send, let_pass: Pass, table: PartitionedTable) -> None:
    send(1)
    dispatch()
    before = current(table)
    assert names(table)[-1] != before.name
    let_pass(MONTH)
    assert current(table).name != before.name
    assert names(table)[-1] != current(table).name
    assert_every_key_has_a_partition(table)


def test_what_is_accepted_after_it_has_begun_belongs_to_it(send: Send, let_pass: Pass) -> None:
    before = send(1)
    dispatch()
    let_pass(MONTH)
    after = send([given(7)])
    dispatch()
    assert totals_of(before) == totals_of(after) == {"sent": 1}
    assert current(ATTEMPTS).holds(Recipient.objects.latest("pk").pk)
    assert count_rows(current(ATTEMPTS).name) == 1
    assert count_rows(current(EVENT_BUNDLES).name) == 2  # accepted and sent


def test_a_partition_that_is_not_over_goes_on(send: Send, let_pass: Pass) -> None:
    send(1)
    dispatch()
    before = {table: (current(table).name, last_id(table)) for table in PARTITIONED}
    let_pass(4 * DAY)
    assert {table: (current(table).name, last_id(table)) for table in PARTITIONED} == before


def test_no_more_are_begun_than_are_planned_fast(send: Send, let_pass: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    send(1)
    monkeypatch.setattr(upkeep, "MOST_PARTITIONS", len(read_partitions(ATTEMPTS)))
    before = current(ATTEMPTS).name
    let_pass(MONTH)
    assert current(ATTEMPTS).name == before


def test_sends_go_on_where_nobody_has_made_a_partition(send: Send) -> None:
    """Ids have gone beyond every partition that was made: the last one has no end. Then beat comes back."""
    beyond = (read_partitions(ATTEMPTS)[-1].lower or 0) + 5 * WIDTH
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('distributor_recipient', 'id'), %s)", [beyond])
    accepted = send(3)
    dispatch()
    assert totals_of(accepted) == {"sent": 3}
    tail = names(ATTEMPTS)[-1]
    keep_partitions(database_now())
    assert current(ATTEMPTS).name == tail
    assert names(ATTEMPTS)[-1] != tail
    assert_every_key_has_a_partition(ATTEMPTS)
    assert Attempt.objects.filter(recipient_id__gt=beyond).count() == 3


def test_beginning_twice_gives_no_id_again(send: Send, let_pass: Pass) -> None:
    send(1)
    let_pass(MONTH)
    send([given(7)])
    last = last_id(ATTEMPTS)
    changes.begin(ATTEMPTS, current(ATTEMPTS))
    assert last_id(ATTEMPTS) == last


def test_a_new_partition_is_stored_like_the_one_before_it(send: Send, let_pass: Pass) -> None:
    tail = names(ATTEMPTS)[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {tail} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)")
    changes.make_ahead(ATTEMPTS)
    made = names(ATTEMPTS)[-1]
    assert made != tail
    options = "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE relname = %s"
    assert read_value(options, made) == "fillfactor=80, autovacuum_vacuum_scale_factor=0.05"
    indexes = "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass"
    assert read_value(indexes, made) == read_value(indexes, "distributor_attempt") == 3


def test_the_task_does_it(send: Send, let_pass: Pass) -> None:
    send(1)
    Recipient.objects.update(created_at=database_now() - MONTH)
    before = current(ATTEMPTS).name
    keep_partitions_in_order()
    assert current(ATTEMPTS).name != before
