"""A plain table becomes partitioned while it is in use, from wherever an earlier run was killed."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Model

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.events.expiry import delete_old_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.retention import delete_due
from distributor.engine.privacy.upkeep import keep_partitions
from distributor.engine.recovery.verification import find_faults
from distributor.models import Attempt, EventBundle, Recipient
from distributor.partitions import brief_lock, convert
from distributor.partitions.catalogue import is_partitioned, last_id, read_partitions, read_value
from distributor.partitions.convert import CannotConvertError
from distributor.partitions.tables import ATTEMPTS, EVENT_BUNDLES, PARTITIONED, WIDTH, PartitionedTable
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, given, totals_of
from tests.support.engine.plain_tables import CHECKS, INDEXES, make_plain, read, run

pytestmark = pytest.mark.django_db
MODELS: dict[PartitionedTable, type[Model]] = {ATTEMPTS: Attempt, EVENT_BUNDLES: EventBundle}


def rows_of(table: PartitionedTable) -> list[Any]:
    return list(MODELS[table]._default_manager.order_by("pk").values_list())


@pytest.fixture
def plain(send: Send) -> None:
    """The tables as they were before there were partitions, with rows, an operator's settings and a reader's right."""
    for table in PARTITIONED:
        make_plain(table)
        run(f"ALTER TABLE {table.name} SET (fillfactor = 70)")
        assert not is_partitioned(table)
    run("CREATE ROLE reporting", "GRANT SELECT ON distributor_attempt TO reporting")
    send(3)
    dispatch()


def assert_converted(before: dict[PartitionedTable, Any]) -> None:
    for table in PARTITIONED:
        assert is_partitioned(table)
        assert (rows_of(table), schema_of(table)) == before[table]
        first, tail = read_partitions(table)
        assert [first.lower, first.upper, tail.lower, tail.upper] == [None, tail.lower, first.upper, None]
        assert (tail.lower or 0) - last_id(table) >= WIDTH // 10
        for partition in (first, tail):
            assert read_value("SELECT reloptions::text FROM pg_class WHERE relname = %s", partition.name)
    assert read_value("SELECT has_table_privilege('reporting', 'distributor_attempt', 'select')")
    assert find_faults() == []


def schema_of(table: PartitionedTable) -> Any:
    indexes = [(name, statement.replace(" ON ONLY ", " ON ")) for name, statement in read(INDEXES, table.name)]
    columns = connection.introspection.get_table_description(connection.cursor(), table.name)
    return sorted(indexes), sorted(read(CHECKS, table.name)), columns


def state() -> dict[PartitionedTable, Any]:
    return {table: (rows_of(table), schema_of(table)) for table in PARTITIONED}


@pytest.mark.usefixtures("plain")
def test_the_command_converts_a_database_with_rows(send: Send) -> None:
    before, last_bundle = state(), last_id(EVENT_BUNDLES)
    out = StringIO()
    call_command("partitions", stdout=out)
    assert out.getvalue().count("not partitioned") == 2
    call_command("partitions", "convert", stdout=out)
    assert out.getvalue().count(": partitioned\n") == 2
    assert_converted(before)
    # Work goes on, and no id is given again.
    later = send([given(7)])
    dispatch()
    assert totals_of(later) == {"sent": 1}
    assert EventBundle.objects.latest("pk").pk > last_bundle
    out = StringIO()
    call_command("partitions", "convert", stdout=out)
    assert "reading it once" not in out.getvalue()


class Killed(BaseException):
    """What is not written by then is not written."""


@pytest.mark.usefixtures("plain")
def test_it_goes_on_wherever_it_was_killed() -> None:
    before, deaths = state(), 0
    while True:
        start = transaction.savepoint()
        is_killed = convert_with(deaths)
        call_command("partitions", "convert", stdout=StringIO())
        assert_converted(before)
        transaction.savepoint_rollback(start)
        if not is_killed:
            break
        deaths += 1
    assert deaths > 40


def convert_with(survived: int) -> bool:
    """Convert, and be killed after so many statements. Returns whether it was. What is not committed is not written."""
    count = 0

    def kill(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        if "SAVEPOINT" not in sql:
            count += 1
            if count > survived:
                raise Killed
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(kill):
            for table in PARTITIONED:
                convert.convert(table)
    except Killed:
        return True
    return False


@pytest.mark.usefixtures("plain")
def test_an_interrupted_run_is_not_repeated_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def be_killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(convert, "_swap", be_killed)
        with pytest.raises(Killed):
            convert.convert(ATTEMPTS)
    lines: list[str] = []
    assert convert.convert(ATTEMPTS, lines.append)
    assert lines == ["distributor_attempt: partitioned"]


@pytest.mark.usefixtures("plain")
def test_what_would_go_on_to_mean_the_old_table_is_named_first() -> None:
    run("CREATE VIEW sent_lately AS SELECT recipient_id FROM distributor_attempt")
    with pytest.raises(CannotConvertError, match="sent_lately reads it"):
        convert.convert(ATTEMPTS)
    with pytest.raises(CommandError, match="sent_lately reads it"):
        call_command("partitions", "convert", stdout=StringIO())
    assert not is_partitioned(ATTEMPTS)


@pytest.mark.usefixtures("plain")
def test_a_table_in_use_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brief_lock, "_is_held", lambda table: True)
    monkeypatch.setattr(brief_lock, "_LONGEST_PAUSE_SECONDS", 0.0)
    with pytest.raises(CommandError, match="Run it again"):
        call_command("partitions", "convert", stdout=StringIO())
    assert not is_partitioned(ATTEMPTS)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("trouble", ["it is large", "a view", "in use"])
def test_the_migration_leaves_a_table_that_it_cannot_convert_at_once(
    trouble: str, send: Send, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = import_module("distributor.migrations.0010_partitions")
    if trouble == "it is large":
        monkeypatch.setattr(migration, "SMALL_BYTES", 0)
    elif trouble == "a view":
        run(*(f"CREATE VIEW of_{table.name} AS SELECT 1 AS one FROM {table.name}" for table in PARTITIONED))
    else:
        monkeypatch.setattr(brief_lock, "_is_held", lambda table: True)
        monkeypatch.setattr(brief_lock, "_LONGEST_PAUSE_SECONDS", 0.0)
    migration.partition_small_tables(None, None)
    assert not any(is_partitioned(table) for table in PARTITIONED)
    assert_all_works_with_plain_tables(send, organization)


def assert_all_works_with_plain_tables(send: Send, organization: Organization) -> None:
    later = send([given(7)])
    dispatch()
    assert totals_of(later) == {"sent": 1}
    organization.keep_attempts_days = 365
    organization.save()
    last_id = Recipient.objects.latest("pk").pk
    Attempt.objects.exclude(recipient_id=last_id).update(ended_at=database_now() - timedelta(days=366))
    EventBundle.objects.exclude(distribution_id=later.distribution.pk).update(at=database_now() - timedelta(days=31))
    keep_partitions(database_now())
    delete_due(database_now)
    delete_old_events(database_now())
    assert Attempt.objects.get().recipient_id == last_id
    assert set(EventBundle.objects.values_list("distribution_id", flat=True)) == {later.distribution.pk}


def test_the_migration_converts_small_tables(send: Send) -> None:
    for table in PARTITIONED:
        make_plain(table)
    import_module("distributor.migrations.0010_partitions").partition_small_tables(None, None)
    assert all(is_partitioned(table) for table in PARTITIONED)


def test_the_command_shows_the_partitions(send: Send, accounts: dict[Channel, ProviderAccount]) -> None:
    send(1)
    dispatch()
    out = StringIO()
    call_command("partitions", "keep", stdout=out)
    assert "distributor_attempt, by recipient_id:" in out.getvalue()
    assert out.getvalue().count("current since") == 2
    assert out.getvalue().count("ahead") >= 2
