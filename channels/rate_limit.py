"""How fast an account may send: pure arithmetic of a token bucket, a daily limit, a pause and a breaker."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

# While a breaker is open one message a minute goes out to see whether the account works again.
PROBE_INTERVAL = timedelta(minutes=1)
# A full bucket. The sweep looks every 2 s, so one second's worth would run over between two looks.
BURST_SECONDS = 3.0
# What a batch waits for when the bucket is empty: a call worth making, well before the bucket is full.
BITE_SECONDS = 1.0
# However many batches wait for their turn: none is out of sight for longer.
LONGEST_TURN = timedelta(hours=1)
# Sums of floats that should be a whole token may miss it by less than this.
_EPSILON = 1e-6


class Cause(StrEnum):
    """Why nothing may leave now."""

    PAUSED = "paused"  # the provider asked for patience
    BROKEN = "broken"  # the breaker is open and no probe is due
    SPENT = "spent"  # the day's messages are used up
    SLOW = "slow"  # the bucket is empty


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator sets. None: no limit. `urgent_reserve_percent` (0–90) of both is kept for the urgent lane."""

    rate_per_second: float | None = None
    daily_limit: int | None = None
    urgent_reserve_percent: int = 0

    @property
    def any(self) -> bool:
        return self.rate_per_second is not None or self.daily_limit is not None

    @property
    def burst(self) -> float:
        """Tokens in a full bucket: room for a message above the reserve, however slow the account is."""
        return max((self.rate_per_second or 0.0) * BURST_SECONDS, 100 / (100 - self.urgent_reserve_percent))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where an account stands. Days are UTC; `broken_because` is "" while the breaker is closed.

    `turn_at` is when the next batch that gets nothing may come back: those that wait queue up behind it, for tokens or
    for a probe, instead of all asking again at once.
    """

    tokens: float = 0.0
    refilled_at: datetime | None = None
    turn_at: datetime | None = None
    paused_until: datetime | None = None
    day: date | None = None
    sent_today: int = 0
    broken_because: str = ""
    probe_at: datetime | None = None

    def is_shut(self, now: datetime) -> bool:
        """Paused, or its breaker open."""
        return bool(self.broken_because) or self.is_paused(now)

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until


@dataclass(frozen=True, slots=True)
class Grant:
    """So many messages (at least 1) may go now, and leave the bucket like this."""

    count: int
    bucket: Bucket
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may go before `until`; asking has left the bucket like this."""

    until: datetime
    cause: Cause
    bucket: Bucket


def take(limits: Limits, bucket: Bucket, wanted: int, *, is_urgent: bool, now: datetime) -> Grant | Wait:
    """Tokens for as many of `wanted` messages (at least 1) as there are."""
    if bucket.paused_until is not None and now < bucket.paused_until:
        return Wait(bucket.paused_until, Cause.PAUSED, bucket)
    is_probe = bool(bucket.broken_because)
    if is_probe:
        if bucket.probe_at is not None and now < bucket.probe_at:
            return _queue_up(Cause.BROKEN, bucket, bucket.probe_at, PROBE_INTERVAL, now)
        wanted = 1
    bucket = _start_day(bucket, now)
    count = min(wanted, _left_today(limits, bucket, is_urgent=is_urgent, otherwise=wanted))
    if count < 1:
        return Wait(_next_day(now), Cause.SPENT, bucket)
    if limits.rate_per_second is not None:
        bucket = _refill(limits, limits.rate_per_second, bucket, now)
        kept = _reserve(limits, is_urgent=is_urgent)
        count = min(count, int(bucket.tokens - kept + _EPSILON))
        if count < 1:
            return _wait_for_bite(limits.rate_per_second, bucket, wanted, kept, is_urgent=is_urgent, now=now)
        bucket = replace(bucket, tokens=bucket.tokens - count)
    if limits.daily_limit is not None:
        bucket = replace(bucket, sent_today=bucket.sent_today + count)
    if is_probe:
        # Until the probe's result is known nobody else sends one.
        bucket = replace(bucket, probe_at=now + PROBE_INTERVAL)
    return Grant(count, bucket, is_probe)


def pause(bucket: Bucket, until: datetime) -> Bucket:
    """The provider asked for patience: of several pauses the longest holds."""
    return replace(bucket, paused_until=max(until, bucket.paused_until or until))


def open_breaker(bucket: Bucket, because: str, now: datetime) -> Bucket:
    """The account or its sender was refused: nothing leaves but probes."""
    return replace(bucket, broken_because=because or "refused", probe_at=now + PROBE_INTERVAL)


def close_breaker(bucket: Bucket) -> Bucket:
    """A probe was taken: the account works."""
    return replace(bucket, broken_because="", probe_at=None, turn_at=None)


def _start_day(bucket: Bucket, now: datetime) -> Bucket:
    # Never backwards: a worker may ask with a moment that is a little older than the last one's.
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
    # A full bucket is one that nobody queues for: turns that were given belong to batches that are gone.
    turn_at = None if tokens >= limits.burst else bucket.turn_at
    return replace(bucket, tokens=tokens, refilled_at=max(now, bucket.refilled_at), turn_at=turn_at)


def _wait_for_bite(rate: float, bucket: Bucket, wanted: int, kept: float, *, is_urgent: bool, now: datetime) -> Wait:
    """Until there is enough for a good call. The urgent lane does not queue."""
    bite = min(float(wanted), max(rate * BITE_SECONDS, 1.0))
    ready_at = now + timedelta(seconds=max((kept + bite - bucket.tokens) / rate, 0.01))
    if is_urgent:
        return Wait(ready_at, Cause.SLOW, bucket)
    return _queue_up(Cause.SLOW, bucket, ready_at, timedelta(seconds=bite / rate), now)


def _queue_up(cause: Cause, bucket: Bucket, ready_at: datetime, turn: timedelta, now: datetime) -> Wait:
    """The next free turn, which is no earlier than there is something to get."""
    turn_at = max(ready_at, min(bucket.turn_at or ready_at, now + LONGEST_TURN))
    return Wait(turn_at, cause, replace(bucket, turn_at=turn_at + turn))


def _next_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(0), UTC)
