"""Reads and writes the rate limits' state of accounts, under a row lock, so that all workers share it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from channels.account_state.breaker import after_call, close_breaker, open_breaker, pause
from channels.account_state.evidence import Evidence, weigh
from channels.account_state.rate_limit import Bucket
from channels.account_state.scores import forget_scores
from channels.models import Pace, ProviderAccount, RefusedSender
from channels.providers.base import Result


def bucket_of(account: ProviderAccount) -> Bucket:
    """Return an account's bucket as read with the account (`select_related("pace")`), without a lock."""
    pace: Pace | None = getattr(account, "pace", None)
    return pace.bucket if pace else Bucket()


def lock_buckets(account_ids: Iterable[UUID]) -> dict[UUID, Bucket]:
    """Lock these accounts' buckets until the caller's transaction ends, always in the same order, and return them."""
    ids = set(account_ids)
    rows = Pace.objects.select_for_update(no_key=True).filter(account_id__in=ids).order_by("account_id")
    buckets = {row.account_id: row.bucket for row in rows}
    if len(buckets) < len(ids):
        Pace.objects.bulk_create(
            [Pace(account_id=account_id) for account_id in sorted(ids - buckets.keys())], ignore_conflicts=True
        )
        buckets = {row.account_id: row.bucket for row in rows.all()}
    return buckets


def write_bucket(account_id: UUID, bucket: Bucket) -> None:
    """Write a bucket whose row the caller has locked."""
    Pace.objects.filter(account_id=account_id).update(**asdict(bucket))


def pause_account(account_id: UUID, until: datetime) -> None:
    """Stop all workers from sending by this account until then."""
    with transaction.atomic():
        write_bucket(account_id, pause(_lock(account_id), until))


def break_account(account_id: UUID, because: str, now: datetime) -> None:
    """Open the account's breaker; `because` has at most channels.account_state.evidence.BECAUSE_LENGTH characters."""
    with transaction.atomic():
        write_bucket(account_id, open_breaker(_lock(account_id), because, now))


def record_call(
    account_id: UUID,
    recipient_ids: Sequence[int],
    results: Sequence[Result],
    *,
    is_probe: bool,
    now: datetime,
    jitter: float,
) -> tuple[list[Result], Evidence, Bucket, Bucket]:
    """Weigh a call's results and write what they change in the account's state, for all workers.

    Returns the weighed results, the evidence, and the state before and after.
    """
    with transaction.atomic():
        before = _lock(account_id)
        weighed, evidence = weigh(before, recipient_ids, results)
        after = after_call(before, evidence, is_probe=is_probe, now=now, jitter=jitter)
        if after != before:
            write_bucket(account_id, after)
    return weighed, evidence, before, after


def probe_at_once(account_id: UUID, now: datetime) -> bool:
    """Let the next message that waits for a broken account be its probe, now. Return whether its breaker is open."""
    with transaction.atomic():
        bucket = _lock(account_id)
        if bucket.broken_because:
            write_bucket(account_id, replace(bucket, probe_at=now, turn_at=None))
    return bool(bucket.broken_because)


def free_account(account_id: UUID) -> bool:
    """Close the account's breaker, end its pause and its queue; return whether the breaker was open.

    Its refused senders are tried again. Pauses and probes begin at their shortest, and its share at its weight.
    """
    with transaction.atomic():
        bucket = _lock(account_id)
        write_bucket(account_id, replace(close_breaker(bucket), paused_until=None, doubted=()))
        RefusedSender.objects.filter(account_id=account_id).delete()
        forget_scores(account_id)
    return bool(bucket.broken_because)


def _lock(account_id: UUID) -> Bucket:
    return lock_buckets([account_id])[account_id]
