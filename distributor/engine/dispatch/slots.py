"""Shares of the workers: calls that take long never occupy all of them (docs/decisions/0040).

A process remembers how long its last call through each account took. Through an account that is not known to be fast,
it calls only while it holds a slot: an advisory lock of its session, which ends with the process. Calls through fast
accounts need none, and cost no statement more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, connection

from distributor.engine.dispatch.claim import LEASE, Claim
from distributor.engine.infrastructure.wakeups import wake_lane
from distributor.engine.route.step_context import StepContext
from distributor.models import Batch

# A call of a batch at the usual 50 to 500 ms per request ends sooner.
SLOW_SECONDS: Final = 2.0
# The sweep looks as often.
_PAUSE: Final = timedelta(seconds=2)
_REMEMBERED: Final = 10_000
_WORKERS: Final = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'distributor worker'"
# A row's lock is tried only when the rows before it were refused: the filter runs row by row, up to the limit.
_TAKE: Final = "SELECT key FROM unnest(%s::bigint[]) AS keys(key) WHERE pg_try_advisory_lock(key) LIMIT 1"
# A worker that runs no statement for the time of a lease has lost its batch: it is frozen. Its slots do not count.
_SILENCE: Final = LEASE
_COUNT_SILENT: Final = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = ANY(%s::bigint[]) AND objsubid = 1
    AND database = datid AND datname = current_database() AND state_change < clock_timestamp() - %s::interval
"""
_GIVE_BACK: Final = "SELECT pg_advisory_unlock(%s)"
_GAVE_WAY: Final = "Waits for a worker: calls of this organisation take long, and occupy its share."
_CALL_BACK: Final = """
UPDATE distributor_batch SET due_at = %(now)s WHERE id IN (
    SELECT id FROM distributor_batch
    WHERE state = 'waiting' AND lane = %(lane)s AND organization_id = %(organization_id)s
        AND due_at > %(now)s AND due_at <= %(latest)s AND lease_expires_at IS NULL AND last_error = %(gave_way)s
    FOR UPDATE SKIP LOCKED
)
"""

_call_seconds: dict[UUID, float] = {}


def remember_call(account_id: UUID, seconds: float) -> None:
    """Remember how long a call through the account took."""
    if len(_call_seconds) >= _REMEMBERED:
        _call_seconds.clear()
    _call_seconds[account_id] = seconds


@contextmanager
def occupy_worker(claim: Claim, context: StepContext, clock: Callable[[], datetime]) -> Iterator[bool]:
    """Yield whether this worker may make the batch's calls now. Slots are held until the block ends.

    Before a call that may take long, another worker is woken, because this one is away meanwhile. If the account turns
    out to be fast, the batches that gave way to its first call are due again.
    """
    doubtful = [account_id for account_id in _account_ids(context) if _call_seconds.get(account_id) is None]
    slow = [account_id for account_id in _account_ids(context) if _call_seconds.get(account_id, 0.0) > SLOW_SECONDS]
    if not doubtful and not slow:
        yield True
        return
    workers = _count_workers()
    held: list[int] = []
    try:
        wanted = _wanted(claim.organization_id, [*doubtful, *slow], workers, is_slow=bool(slow))
        may_call = _take_all(wanted, workers, held)
        if may_call and workers > 1:
            wake_lane(claim.lane)
        yield may_call
    finally:
        _give_back(held)
    if may_call and doubtful and all(_call_seconds.get(each, SLOW_SECONDS) < SLOW_SECONDS for each in doubtful):
        _call_back(claim, clock())


def give_way(claim: Claim, now: datetime) -> None:
    """Put a batch back whose organisation or account occupies its share of the workers."""
    Batch.objects.filter(id=claim.batch_id, fence=claim.fence).update(
        lease_expires_at=None,
        claims=0,
        due_at=now + _PAUSE,
        last_error=_GAVE_WAY,
    )


def _call_back(claim: Claim, now: datetime) -> None:
    """Make the organisation's batches in this lane that gave way due, instead of after their pause."""
    parameters: dict[str, Any] = {
        "lane": claim.lane,
        "organization_id": claim.organization_id,
        "now": now,
        "latest": now + _PAUSE,
        "gave_way": _GAVE_WAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CALL_BACK, parameters)


def _wanted(
    organization_id: UUID, account_ids: Iterable[UUID], workers: int, *, is_slow: bool
) -> Iterator[tuple[str, int]]:
    """Yield the names and counts of the slots of which one each is needed.

    A half of the workers is one organisation's at most, and a quarter one account's. Of what is known to be slow, all
    organisations together leave a quarter of the workers free. Each may always have one.
    """
    for account_id in sorted(account_ids):
        yield f"account {account_id}", max(1, workers // 4)
    yield f"organization {organization_id}", max(1, workers // 2)
    if is_slow:
        yield "slow", max(1, workers - max(1, workers // 4))


def _account_ids(context: StepContext) -> list[UUID]:
    """Return the accounts that the batch may call. A test distribution calls none: its sandbox answers at once."""
    return [] if context.distribution.is_test else [option.account.id for option in context.account_options]


def _count_workers() -> int:
    """Return how many worker processes have a connection (config/statement_limits.py names them)."""
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS)
        return int(cursor.fetchone()[0])


def _take_all(wanted: Iterable[tuple[str, int]], workers: int, held: list[int]) -> bool:
    """Take a slot of each name, and note it in `held`. Return whether there was one of each.

    There is another slot for each that a frozen worker holds.
    """
    for name, count in wanted:
        keys = [_key(name, number) for number in range(count + workers)]
        key = _take(keys[:count])
        if key is None:
            key = _take(keys[count : count + _count_silent(keys)])
        if key is None:
            return False
        held.append(key)
    return True


def _take(keys: list[int]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [keys])
        row = cursor.fetchone()
    return row[0] if row else None


def _count_silent(keys: list[int]) -> int:
    """Return how many of the slots are held by sessions that have been silent for a lease."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_SILENT, [keys, f"{_SILENCE.total_seconds()} s"])
        return int(cursor.fetchone()[0])


def _give_back(held: Sequence[int]) -> None:
    try:
        with connection.cursor() as cursor:
            for key in held:
                cursor.execute(_GIVE_BACK, [key])
    except DatabaseError:
        connection.close()  # the session ends, and with it its locks


def _key(name: str, number: int) -> int:
    digest = blake2b(f"distributor {name} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
