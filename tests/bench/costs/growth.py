"""What growth costs: `python -m tests.bench.costs.growth`, with DATABASE_URL set. Takes a quarter of an hour.

Two installations take turns: one with 100,000 contacts and nothing else, and one with 5,000,000 contacts (or
`--contacts`) and twice as many recipients in 1,000 distributions, of whom a third wait. Each accepts calls of 1,000
contacts, half of them new, and of one, and sends to them by a provider that does nothing. What is compared is the
processor time of both PostgreSQL and the product: other work changes it less than the time on the clock.
"""

import argparse
import json
import subprocess
import sys
from statistics import median
from time import monotonic
from typing import Any, Final

from tests.bench.stage.alone import own_installation, require_servers

SMALL: Final = 100_000
LARGE: Final = 5_000_000
ROUNDS: Final = 12
BULK_CALLS: Final = 4
SINGLE_CALLS: Final = 40
_SIZES: Final = """
SELECT relname, pg_relation_size(relid), pg_indexes_size(relid), n_live_tup FROM pg_stat_user_tables
ORDER BY pg_total_relation_size(relid) DESC LIMIT 12
"""
_WAL: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'"
_HOT: Final = """
SELECT sum(n_tup_hot_upd) / sum(n_tup_upd) FROM pg_stat_user_tables WHERE relname = 'contacts_contact'
"""
_CONTACTS: Final = """
INSERT INTO contacts_contact (id, organization_id, external_id, email, phone, first_name, last_name, title, locale,
    time_zone, embedded_data, created_at, updated_at)
SELECT uuidv7(), %s, 'PAT-' || lpad(n::text, 9, '0'), lower(first || '.' || last || '.' || n || '@example.com'), '',
    first, last, '', '', '', '{"department": "Cardiology", "visitDate": "2025-01-01"}', now(), now()
FROM (SELECT n, (%s::text[])[n %% 8 + 1] AS first, (%s::text[])[n / 8 %% 8 + 1] AS last
    FROM generate_series(1, %s) AS n) people
"""


def run_arm(contact_count: int) -> None:
    """Fill one installation, then measure a round for each line that is read."""
    from django.db import connection

    from tests.bench.costs.big_installation import fill_installation
    from tests.bench.stage.contact_supply import FIRST_NAMES, LAST_NAMES, ContactSupply
    from tests.bench.stage.database import set_stage

    stage = set_stage()
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, [stage.organization_id, FIRST_NAMES, LAST_NAMES, contact_count])
    if contact_count > SMALL:
        fill_installation(stage, contact_count, each=contact_count // 500)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    supply = ContactSupply(contact_count)
    print(json.dumps({"sizes": _sizes()}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(_measure_round(stage, supply)), flush=True)


def _measure_round(stage: Any, supply: Any) -> dict[str, float]:
    """Return the processor's milliseconds per contact accepted in bulk, per single send, and per message sent.

    With them the WAL per contact accepted, and the share of the contacts' updates so far that wrote no index.
    """
    from distributor.engine.dispatch.loop import dispatch_lane
    from distributor.engine.infrastructure.clock import database_now

    count = BULK_CALLS * 1_000
    wal_from = _value(_WAL)
    bulk = _cost(lambda: _post(stage, supply, BULK_CALLS, 1_000))
    wal_bytes = _value(_WAL) - wal_from
    single = _cost(lambda: _post(stage, supply, SINGLE_CALLS, 1))

    def dispatch() -> None:
        while any(dispatch_lane(lane, database_now) for lane in ("urgent", "normal", "bulk")):
            pass

    sent = _cost(dispatch)
    return {
        "accepted, ms": bulk / count,
        "accepted, WAL KB": float(wal_bytes) / count / 1_000,
        "single call, ms": single / SINGLE_CALLS,
        "sent, ms": sent / (count + SINGLE_CALLS),
        "contacts' HOT updates": float(_value(_HOT) or 1),
    }


def _post(stage: Any, supply: Any, calls: int, size: int) -> None:
    from django.test import Client

    from tests.bench.stage.contact_supply import quick_body

    client = Client(headers={"x-api-key": stage.api_key})
    for _ in range(calls):
        numbers = supply.take(size, new_share=0.5)
        body = quick_body(numbers, stage.survey_id, stage.channel, stage.provider_id, stage.template_id)
        url = f"/api/surveys/{stage.survey_id}/distributions/quick"
        response = client.post(url, body, content_type="application/json")
        if response.status_code != 201:
            raise RuntimeError(response.content[:500])


def _cost(work: Any) -> float:
    """Return the processor's milliseconds that some work takes, PostgreSQL's included."""
    from django.db import connection

    from tests.bench.costs.boundary_cost import processor_seconds

    connection.ensure_connection()
    server_pid = connection.connection.info.backend_pid
    began = processor_seconds(server_pid)
    work()
    return (processor_seconds(server_pid) - began) * 1_000


def _value(query: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _sizes() -> list[tuple[str, int, int, int]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        return [(name, int(heap), int(indexes), int(rows)) for name, heap, indexes, rows in cursor.fetchall()]


def compare(large_count: int) -> None:
    """Start both installations, let them take turns, and print what they cost."""
    began_at_seconds = monotonic()
    arms = {count: _start(count) for count in (SMALL, large_count)}
    for count, arm in arms.items():
        sizes = json.loads(_line(arm))["sizes"]
        print(f"{count:,} contacts are filled in after {monotonic() - began_at_seconds:.0f} s", flush=True)
        for name, heap, indexes, rows in sizes if count == large_count else ():
            each = f", {(heap + indexes) / rows:,.0f} bytes a row" if rows else ""
            print(f"  {name}: {rows:,} rows, heap {heap / 1e9:.2f} GB, indexes {indexes / 1e9:.2f} GB{each}")
    taken: dict[int, list[dict[str, float]]] = {count: [] for count in arms}
    for number in range(ROUNDS + 1):
        for count in arms if number % 2 else reversed(arms):
            arm = arms[count]
            arm.stdin.write("round\n")
            arm.stdin.flush()
            figures = json.loads(_line(arm))
            if number:  # the first round warms up
                taken[count].append(figures)
    for name in taken[SMALL][0]:
        ratios = [large[name] / small[name] for small, large in zip(taken[SMALL], taken[large_count], strict=True)]
        small, large = (median(figures[name] for figures in taken[count]) for count in arms)
        print(f"{name:<22} {small:7.3f}, {large:7.3f}: {median(ratios):.2f}x ({min(ratios):.2f}-{max(ratios):.2f})")
    for arm in arms.values():
        arm.stdin.close()
        arm.wait(60)


def _start(contact_count: int) -> Any:
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.costs.growth", "--arm", str(contact_count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(arm: Any) -> str:
    line: str = arm.stdout.readline()
    if not line:
        raise RuntimeError(f"an installation ended with {arm.wait()}")
    return line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--contacts", type=int, default=LARGE, help="of the large installation (5,000,000)")
    options = parser.parse_args()
    if options.arm is None:
        require_servers()
        compare(options.contacts)
        return 0
    with own_installation(name=f"distributor_growth_{options.arm}"):
        run_arm(options.arm)
    return 0


if __name__ == "__main__":
    sys.exit(main())
