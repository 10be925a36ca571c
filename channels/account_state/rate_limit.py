"""Limits how fast an account sends: pure arithmetic of a token bucket, a daily limit, a pause and a breaker.

What opens and closes the breaker, and how long pauses and probes take, is in channels/account_state/breaker.py.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

# A probe whose worker dies holds others back for so long: the lease of a provider call.
PROBE_LEASE = timedelta(minutes=1)
# Probes behind an open breaker: the first interval, doubled after each probe in vain up to the longest. A connection
# that is refused costs nobody anything, so it is tried every few seconds. A refused login may lock an account for good,
# and each message of unknown outcome may become two: 24 hours of refusals are about 100 probes.
ROUTE_PROBES = (timedelta(seconds=5), timedelta(seconds=20))
ACCOUNT_PROBES = (timedelta(seconds=15), timedelta(minutes=15))
# The size of a full bucket. The sweep runs every 2 s, so a bucket for one second would overflow in between.
BURST_SECONDS = 3.0
# How many seconds' worth of tokens a batch waits for when the bucket is empty: enough for an efficient call.
PORTION_SECONDS = 1.0
# No batch waits longer than this for its turn, however many batches queue.
LONGEST_TURN = timedelta(hours=1)
# Tolerance for sums of floats that should be a whole token.
_EPSILON = 1e-6


class Cause(StrEnum):
    """Why nothing may be sent now."""

    PAUSED = "paused"  # the provider asked for a pause
    BROKEN = "broken"  # the breaker is open and no probe is due
    SPENT = "spent"  # the daily limit is reached
    SLOW = "slow"  # the bucket is empty
    SENDER = "sender"  # the step's own sender is refused and no probe is due


@dataclass(frozen=True, slots=True)
class Limits:
    """An operator's limits; None: no limit. `urgent_reserve_percent` (0–90) of both is reserved for the urgent lane."""

    rate_per_second: float | None = None
    daily_limit: int | None = None
    urgent_reserve_percent: int = 0

    @property
    def any(self) -> bool:
        return self.rate_per_second is not None or self.daily_limit is not None

    @property
    def burst(self) -> float:
        """Tokens in a full bucket: at least enough for one message above the reserve, even if the account is slow."""
        return max((self.rate_per_second or 0.0) * BURST_SECONDS, 100 / (100 - self.urgent_reserve_percent))


@dataclass(frozen=True, slots=True)
class Bucket:
    """The state of an account's limits. Days are UTC; `broken_because` is "" while the breaker is closed.

    `failures` counts the calls in a row that failed because of the account, since `failing_since`; until one succeeds,
    messages leave one at a time. `doubted` are the last recipients whose message failed alone. `throttle_level` counts
    the doublings of the next pause. `is_unreachable`: the breaker is open because nobody answers. `failed_probes`
    counts the probes in vain since it opened.

    `turn_at` is when the next batch that gets nothing may retry. Later batches queue behind it, for tokens or for a
    probe, instead of all retrying at once.
    """

    tokens: float = 0.0
    refilled_at: datetime | None = None
    turn_at: datetime | None = None
    paused_until: datetime | None = None
    day: date | None = None
    sent_today: int = 0
    broken_because: str = ""
    probe_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    doubted: tuple[int, ...] = ()
    throttle_level: int = 0
    is_unreachable: bool = False
    failed_probes: int = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether the last call failed because of the account, and no other has succeeded since."""
        return self.failures > 0

    @property
    def is_in_trouble(self) -> bool:
        """Whether a call that succeeds would change anything."""
        return bool(self.broken_because or self.failures or self.throttle_level)

    @property
    def probe_interval(self) -> timedelta:
        """The time between two probes, before jitter."""
        first, longest = ROUTE_PROBES if self.is_unreachable else ACCOUNT_PROBES
        doublings: int = 2 ** min(self.failed_probes, 20)
        return min(first * doublings, longest)

    def is_shut(self, now: datetime) -> bool:
        """Whether the account is paused or its breaker is open."""
        return bool(self.broken_because) or self.is_paused(now)

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until


@dataclass(frozen=True, slots=True)
class Grant:
    """`count` messages (at least 1) may be sent now. `bucket` is the new state."""

    count: int
    bucket: Bucket
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be sent before `until`. `bucket` is the new state."""

    until: datetime
    cause: Cause
    bucket: Bucket


def take(limits: Limits, bucket: Bucket, wanted: int, *, is_urgent: bool, now: datetime) -> Grant | Wait:
    """Take tokens for `wanted` messages (at least 1), or for as many as possible."""
    is_probe = bool(bucket.broken_because)
    if is_probe and bucket.probe_at is not None and now < bucket.probe_at:
        return _queue_up(Cause.BROKEN, bucket, bucket.probe_at, bucket.probe_interval, now)
    if bucket.paused_until is not None and now < bucket.paused_until:
        return Wait(bucket.paused_until, Cause.PAUSED, bucket)
    if is_probe or bucket.is_in_doubt:
        wanted = 1
    bucket = _start_day(bucket, now)
    count = min(wanted, _left_today(limits, bucket, is_urgent=is_urgent, otherwise=wanted))
    if count < 1:
        return Wait(next_day(now), Cause.SPENT, bucket)
    if limits.rate_per_second is not None:
        bucket = _refill(limits, limits.rate_per_second, bucket, now)
        kept = _reserve(limits, is_urgent=is_urgent)
        count = min(count, int(bucket.tokens - kept + _EPSILON))
        if count < 1:
            return _wait_for_portion(limits.rate_per_second, bucket, wanted, kept, is_urgent=is_urgent, now=now)
        bucket = replace(bucket, tokens=bucket.tokens - count)
    if limits.daily_limit is not None:
        bucket = replace(bucket, sent_today=bucket.sent_today + count)
    if is_probe:
        # No other probe is sent before this one's result is known.
        bucket = replace(bucket, probe_at=now + PROBE_LEASE)
    return Grant(count, bucket, is_probe)


def _start_day(bucket: Bucket, now: datetime) -> Bucket:
    # Never back to an earlier day: a worker's clock may be slightly behind the last one's.
    today = now.astimezone(UTC).date()
    return replace(bucket, day=today, sent_today=0) if bucket.day is None or bucket.day < today else bucket


def _left_today(limits: Limits, bucket: Bucket, *, is_urgent: bool, otherwise: int) -> int:
    if limits.daily_limit is None:
        return otherwise
    kept = 0 if is_urgent else limits.daily_limit * limits.urgent_reserve_percent // 100
    return limits.daily_limit - kept - bucket.sent_today


def _reserve(limits: Limits, *, is_urgent: bool) -> float:
    return 0.0 if is_urgent else limits.burst * limits.urgent_reserve_percent / 100


def _refill(limits: Limits, rate: float, bucket: Bucket, now: datetime) -> Bucket:
    if bucket.refilled_at is None:
        return replace(bucket, tokens=limits.burst, refilled_at=now, turn_at=None)
    elapsed_seconds = max((now - bucket.refilled_at).total_seconds(), 0.0)
    tokens = min(limits.burst, bucket.tokens + elapsed_seconds * rate)
    # A full bucket has no queue, so turns given earlier belong to batches that no longer wait.
    turn_at = None if tokens >= limits.burst else bucket.turn_at
    return replace(bucket, tokens=tokens, refilled_at=max(now, bucket.refilled_at), turn_at=turn_at)


def _wait_for_portion(rate: float, bucket: Bucket, wanted: int, kept: float, *, is_urgent: bool, now: datetime) -> Wait:
    """Wait until there are tokens for an efficient call. The urgent lane does not queue."""
    portion = min(float(wanted), max(rate * PORTION_SECONDS, 1.0))
    ready_at = now + timedelta(seconds=max((kept + portion - bucket.tokens) / rate, 0.01))
    if is_urgent:
        return Wait(ready_at, Cause.SLOW, bucket)
    return _queue_up(Cause.SLOW, bucket, ready_at, timedelta(seconds=portion / rate), now)


def _queue_up(cause: Cause, bucket: Bucket, ready_at: datetime, turn: timedelta, now: datetime) -> Wait:
    """Wait for the next free turn, at the earliest until `ready_at`."""
    turn_at = max(ready_at, min(bucket.turn_at or ready_at, now + LONGEST_TURN))
    return Wait(turn_at, cause, replace(bucket, turn_at=turn_at + turn))


def next_day(now: datetime) -> datetime:
    """Return the midnight (UTC) that ends the day."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(0), UTC)
