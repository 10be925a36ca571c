"""What a recipient costs the disk: `python -m tests.bench.costs.storage_cost`, with DATABASE_URL set.

Recipients are accepted in calls of 1,000 and of 1, and sent to by a provider that does nothing. WAL is what PostgreSQL
wrote of it, full pages included; sizes are those of the tables and indexes that grew. Other work on the machine changes
nothing of it.
"""

import sys
from collections.abc import Iterator
from typing import Any, Final

from tests.bench.stage.alone import own_installation

BULK: Final = 40_000
SINGLE: Final = 2_000
_SIZES: Final = """
SELECT relname, pg_relation_size(oid), pg_indexes_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_HOT: Final = """
SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
WHERE relname IN ('distributor_recipient', 'distributor_batch', 'distributor_distribution') ORDER BY relname
"""


def measure() -> None:
    from tests.bench.stage.contact_supply import ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage

    stage = set_stage()
    fill_contacts(stage, BULK)
    supply = ContactSupply(BULK)
    for name, count, size in (("calls of 1,000", BULK, 1_000), ("calls of 1", SINGLE, 1)):
        before = _sizes()
        accepted = _wal_of(lambda size=size, count=count: _accept(stage, supply, count, size))
        sent = _wal_of(_dispatch)
        print(f"{name}: {accepted / count:,.0f} bytes of WAL to accept a recipient, {sent / count:,.0f} to send to one")
        print(f"  stored: {', '.join(_grown(before, count))}")
    for table, updated, hot in _rows(_HOT):
        print(f"{table}: {updated:,} updates, {100 * hot / max(updated, 1):.1f} % HOT")


def _accept(stage: Any, supply: Any, count: int, size: int) -> None:
    from django.test import Client

    from tests.bench.stage.contact_supply import quick_body

    client = Client(headers={"x-api-key": stage.api_key})
    url = f"/api/surveys/{stage.survey_id}/distributions/quick"
    for _ in range(count // size):
        body = quick_body(
            supply.take(size, new_share=0.0), stage.survey_id, stage.channel, stage.provider_id, stage.template_id
        )
        response = client.post(url, body, content_type="application/json")
        if response.status_code != 201:
            raise RuntimeError(response.content[:500])


def _dispatch() -> None:
    from distributor.engine.dispatch.loop import dispatch_lane
    from distributor.engine.infrastructure.clock import database_now
    from distributor.models import Recipient

    while any(dispatch_lane(lane, database_now) for lane in ("urgent", "normal", "bulk")):
        pass
    if left := Recipient.objects.filter(state="waiting").count():
        raise RuntimeError(f"{left} wait still")


def _wal_of(work: Any) -> int:
    _rows("CHECKPOINT")
    [[before]] = _rows("SELECT pg_current_wal_insert_lsn()")
    work()
    [[written]] = _rows("SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", [before])
    return int(written)


def _sizes() -> dict[str, tuple[int, int]]:
    return {name: (heap, indexes) for name, heap, indexes in _rows(_SIZES)}


def _grown(before: dict[str, tuple[int, int]], count: int) -> Iterator[str]:
    """Yield the tables that grew by a byte a recipient or more: heap and indexes."""
    after = _sizes()
    for name, (heap, indexes) in sorted(after.items(), key=lambda item: -sum(item[1])):
        grown = [(now - was) / count for now, was in zip((heap, indexes), before.get(name, (0, 0)), strict=True)]
        if sum(grown) >= 1:
            yield f"{name} {grown[0]:,.0f} + {grown[1]:,.0f}"


def _rows(sql: str, parameters: list[Any] | None = None) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def main() -> int:
    with own_installation():
        measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
