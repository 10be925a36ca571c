"""What partitions cost and save: `python -m tests.bench.costs.partition_cost [deletion]`, with DATABASE_URL set.

1. Batches of 1,000 are dispatched by a provider that does nothing. Blocks of batches write into plain tables and into
   partitioned ones in turn, in one database. The first batch of each block does not count: its statements are planned
   anew.
2. (`deletion` begins here.) Old attempts are deleted in pieces, and as many dropped with their partition.
3. A plain table with as many attempts is converted.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from tests.bench.costs.boundary_cost import processor_seconds
from tests.bench.costs.counter_cost import BATCH_SIZE, accept_batches
from tests.bench.stage.alone import own_installation

PARTITIONS = 30
BLOCKS, BLOCK = 32, 6
OLD_ATTEMPTS = 300_000
# The statements of other processes do not see them: dispatch happens in this one.
_PLAIN = """
CREATE SCHEMA plain;
CREATE TABLE plain.distributor_attempt (LIKE public.distributor_attempt INCLUDING ALL);
CREATE TABLE plain.distributor_eventbundle (LIKE public.distributor_eventbundle INCLUDING ALL);
"""
_OLD_RECIPIENTS = """
INSERT INTO distributor_recipient (distribution_id, contact_id, code, batch_id, state, outcome, reason, attributes,
    locale, attempt_count, created_at)
SELECT b.distribution_id, uuidv7(), substr(md5(random()::text), 1, 12), b.id, 'finished', 'sent', '', '{}',
    '', 1, now() - %(days)s * interval '1 day'
FROM (SELECT id, distribution_id FROM distributor_batch ORDER BY id LIMIT 1) b, generate_series(1, %(count)s)
"""
_OLD_ATTEMPTS = """
INSERT INTO distributor_attempt (recipient_id, number, step_id, provider_account_id, channel, state,
    provider_message_id, code, detail, text_key, piped_values, begun_at, ended_at)
SELECT r.id, 1, b.step_id, %(account)s, 'email', 'sent', 'noop-' || r.id, '', '', b.step_id, '{"firstName": "Ann"}',
    r.created_at, r.created_at
FROM distributor_recipient r JOIN distributor_batch b ON b.id = r.batch_id
WHERE r.created_at < now() - interval '9 days'
"""


def measure() -> None:
    from tests.bench.stage.contact_supply import ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, 30_000)
    is_dispatching = "deletion" not in sys.argv
    accept_batches(stage, ContactSupply(30_000), BLOCKS * BLOCK if is_dispatching else 1)
    if is_dispatching:
        _compare_dispatch()
    _compare_deletion(stage)
    _convert(stage)


def _compare_dispatch() -> None:
    from django.db import connection

    from distributor.partitions.catalogue import read_partitions
    from distributor.partitions.tables import PARTITIONED

    _run(_PLAIN)
    for table in PARTITIONED:
        while len(read_partitions(table)) < PARTITIONS:
            _begin_next(table)
    _run("ANALYZE")
    server_pid = connection.connection.info.backend_pid
    taken: dict[str, list[tuple[float, float]]] = {"plain": [], "partitioned": []}
    for block in range(BLOCKS):
        arm = "plain" if block % 2 else "partitioned"
        _run(f"SET search_path = {'plain, ' if arm == 'plain' else ''}public")
        for number in range(BLOCK):
            both, worker = processor_seconds(server_pid), process_time()
            _dispatch_one()
            both, worker = processor_seconds(server_pid) - both, process_time() - worker
            if number:
                taken[arm].append((both, both - worker))
    _run("SET search_path = public", "DROP SCHEMA plain CASCADE")
    for place, name in enumerate(("worker and PostgreSQL", "PostgreSQL alone")):
        plain, split = (1_000 * median(cost[place] for cost in taken[arm]) for arm in ("plain", "partitioned"))
        print(
            f"a batch of {BATCH_SIZE:,}, {name:<21}: {plain:6.1f} ms plain, {split:6.1f} ms with {PARTITIONS}"
            f" partitions of each table: {100 * (split / plain - 1):+.1f} %"
        )


def _compare_deletion(stage: Any) -> None:
    from contacts.models import Organization
    from distributor.engine.infrastructure.clock import database_now
    from distributor.engine.privacy.retention import delete_due
    from distributor.engine.privacy.upkeep import keep_partitions
    from distributor.models import RetentionRun
    from distributor.partitions.tables import ATTEMPTS

    def delete_in_pieces() -> None:
        while delete_due(database_now, is_patient=False):
            pass

    Organization.objects.update(keep_attempts_days=365)
    for way, leave in (("deleted in pieces", delete_in_pieces), ("dropped", lambda: keep_partitions(database_now()))):
        _begin_next(ATTEMPTS)
        _fill(stage)
        _begin_next(ATTEMPTS)
        _insert_recipients(count=1, days=2)
        RetentionRun.objects.update(due_at=database_now())
        size, began = _size(), _resources()
        with _changes_timed() as changes:
            leave()
        seconds, wal = (after - before for after, before in zip(_resources(), began, strict=True))
        print(
            f"{OLD_ATTEMPTS:,} attempts {way}: {1_000 * seconds:,.0f} ms of a processor, {wal / 2**20:,.1f} MB of WAL;"
            f" the table had {size:,.0f} MB and has {_size():,.0f} MB;"
            f" under the lock: {', '.join(f'{each:.0f}' for each in changes) or 'nothing'} ms"
        )
        _run("DELETE FROM distributor_recipient WHERE created_at < now() - interval '9 days'")


def _begin_next(table: Any) -> None:
    from distributor.partitions.catalogue import read_partitions
    from distributor.partitions.changes import begin, make_ahead

    make_ahead(table)
    begin(table, read_partitions(table)[-2])


def _size() -> float:
    """Return the MB of all attempts, indexes included."""
    from distributor.partitions.catalogue import read_partitions
    from distributor.partitions.tables import ATTEMPTS

    return sum(each.byte_count for each in read_partitions(ATTEMPTS)) / 2**20


def _resources() -> tuple[float, int]:
    """Return the seconds of a processor, here and in PostgreSQL, and the bytes of WAL so far."""
    from django.db import connection

    from distributor.partitions.catalogue import read_value

    wal = int(read_value("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))
    return processor_seconds(connection.connection.info.backend_pid), wal


@contextmanager
def _changes_timed() -> Iterator[list[float]]:
    """Yield the milliseconds that each change takes under a table's lock."""
    from distributor.partitions import brief_lock, changes, convert

    taken: list[float] = []
    inner = brief_lock.change_briefly

    def change_timed(table: str, change: Callable[[], Any], tries: int | None = None) -> Any:
        def timed() -> Any:
            began = perf_counter()
            try:
                return change()
            finally:
                taken.append(1_000 * (perf_counter() - began))

        return inner(table, timed, tries)

    with patch.object(changes, "change_briefly", change_timed), patch.object(convert, "change_briefly", change_timed):
        yield taken


def _convert(stage: Any) -> None:
    from django.db import connection

    from distributor.partitions.convert import convert
    from distributor.partitions.tables import ATTEMPTS
    from tests.support.engine.plain_tables import make_plain

    make_plain(ATTEMPTS)
    _fill(stage)
    began = perf_counter()
    with _changes_timed() as changes:
        convert(ATTEMPTS)
    connection.ensure_connection()
    print(
        f"{OLD_ATTEMPTS:,} attempts converted in {1_000 * (perf_counter() - began):,.0f} ms; under the lock"
        f" {', '.join(f'{milliseconds:.1f}' for milliseconds in changes)} ms"
    )


def _dispatch_one() -> None:
    from distributor.engine.dispatch.claim import claim_batch
    from distributor.engine.dispatch.loop import dispatch_batch
    from distributor.engine.infrastructure.clock import database_now

    claim = claim_batch("bulk", database_now())
    if claim is None:
        raise RuntimeError("no batch is due")
    dispatch_batch(claim, database_now, lambda: False)


def _fill(stage: Any) -> None:
    """Insert old attempts into the current partition."""
    from django.db import connection

    _insert_recipients(count=OLD_ATTEMPTS, days=400)
    with connection.cursor() as cursor:
        cursor.execute(_OLD_ATTEMPTS, {"account": stage.provider_id})
    _run("VACUUM ANALYZE distributor_attempt", "VACUUM ANALYZE distributor_recipient", "CHECKPOINT")


def _insert_recipients(*, count: int, days: int) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # nobody looks for their contacts
        cursor.execute(_OLD_RECIPIENTS, {"count": count, "days": days})


def _run(*statements: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def main() -> int:
    with own_installation():
        measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
