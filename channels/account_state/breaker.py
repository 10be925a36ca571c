"""What a provider call changes in its account's state: failures, the breaker, pauses. Pure.

What a call says about its account is in evidence.py.

closed --three calls in a row failed, or one refusal--> open --a probe accepted--> closed
"""

from dataclasses import replace
from datetime import datetime, timedelta

from channels.account_state.evidence import Evidence, Finding
from channels.account_state.rate_limit import Bucket, next_day

# Calls in a row that must fail because of the account before its breaker opens. A refusal opens it at once.
FAILURES_TO_OPEN = 3
# After the first of them the account rests for a second, after the second for two: a relay that restarts is back by
# then. A stand-in takes over meanwhile (engine/route/accounts.py).
DOUBT_PAUSE = timedelta(seconds=1)
# Without a moment given by the provider, a throttled account rests for 5 s, 10 s … 5 min.
THROTTLE_PAUSE = timedelta(seconds=5)
LONGEST_THROTTLE_PAUSE = timedelta(minutes=5)
# Bounds on the pause that a provider asks for: no busy loop, and no wait beyond an hour.
SHORTEST_ASKED_PAUSE = timedelta(seconds=1)
LONGEST_ASKED_PAUSE = timedelta(hours=1)
# A probe that says nothing about the account (its recipient was refused) is followed by the next one after this.
NEXT_PROBE = timedelta(seconds=1)
# Probes of many accounts at one provider spread over ± this share of their interval.
JITTER = 0.2
DOUBTED_MAX = 50


def after_call(bucket: Bucket, evidence: Evidence, *, is_probe: bool, now: datetime, jitter: float) -> Bucket:
    """Return the account's state after a call. `jitter` is in [0, 1)."""
    if evidence.doubted:
        bucket = replace(bucket, doubted=(bucket.doubted + evidence.doubted)[-DOUBTED_MAX:])
    if bucket.broken_because:
        return _after_call_while_open(bucket, evidence, is_probe=is_probe, now=now, jitter=jitter)
    match evidence.finding:
        case Finding.WORKS:
            return _works(bucket)
        case Finding.THROTTLED:
            bucket = _works(bucket) if evidence.has_accepted else bucket
            return throttle(bucket, evidence.asked_pause_seconds, now, until_next_day=evidence.until_next_day)
        case Finding.REFUSED:
            return open_breaker(bucket, evidence.because, now, jitter=jitter)
        case Finding.FAILED:
            return _fail(bucket, evidence, now, jitter)
        case Finding.DOUBTFUL:
            return replace(bucket, failures=max(bucket.failures, 1), failing_since=bucket.failing_since or now)
        case Finding.NOTHING:
            return bucket


def open_breaker(
    bucket: Bucket, because: str, now: datetime, *, is_unreachable: bool = False, jitter: float = 0.5
) -> Bucket:
    """Open the breaker: only probes are sent."""
    bucket = replace(
        bucket,
        broken_because=because or "refused",
        failing_since=bucket.failing_since or now,
        is_unreachable=is_unreachable,
        failed_probes=0,
    )
    return _schedule_probe(bucket, now, jitter)


def close_breaker(bucket: Bucket) -> Bucket:
    """Forget that the account was in trouble: a probe was accepted, or an operator has fixed it."""
    return replace(
        bucket,
        broken_because="",
        probe_at=None,
        turn_at=None,
        failures=0,
        failing_since=None,
        throttle_level=0,
        is_unreachable=False,
        failed_probes=0,
    )


def throttle(bucket: Bucket, asked_seconds: float | None, now: datetime, *, until_next_day: bool = False) -> Bucket:
    """Pause the account, because the provider asked for it. Of several pauses the longest applies.

    Calls that were throttled at the same time count as one.
    """
    is_counted = bucket.is_paused(now)
    level = bucket.throttle_level - 1 if is_counted and bucket.throttle_level else bucket.throttle_level
    until = next_day(now) if until_next_day else now + throttle_pause(asked_seconds, level)
    if not is_counted:
        bucket = replace(bucket, throttle_level=level + 1, failing_since=bucket.failing_since or now)
    return pause(bucket, until)


def throttle_pause(asked_seconds: float | None, level: int) -> timedelta:
    """Return the pause that a provider asks for, within bounds, and at least the one that this level has grown to.

    If it asks for none, or for nonsense, the pause is 5 s, doubled with each level up to 5 min.
    """
    doublings: int = 2 ** min(level, 10)
    grown = min(THROTTLE_PAUSE * doublings, LONGEST_THROTTLE_PAUSE)
    if asked_seconds is None or not asked_seconds >= 0:  # `not … >=` is also true of NaN
        return grown
    asked = timedelta(seconds=min(asked_seconds, LONGEST_ASKED_PAUSE.total_seconds()))
    return max(asked, grown / 2 if level else SHORTEST_ASKED_PAUSE)


def pause(bucket: Bucket, until: datetime) -> Bucket:
    """Send nothing before `until`. Of several pauses the longest applies."""
    return replace(bucket, paused_until=max(until, bucket.paused_until or until))


def _works(bucket: Bucket) -> Bucket:
    level = max(bucket.throttle_level - 1, 0)
    return replace(bucket, failures=0, throttle_level=level, failing_since=bucket.failing_since if level else None)


def _fail(bucket: Bucket, evidence: Evidence, now: datetime, jitter: float) -> Bucket:
    bucket = replace(bucket, failures=bucket.failures + 1, failing_since=bucket.failing_since or now)
    if bucket.failures < FAILURES_TO_OPEN:
        doublings: int = 2 ** (bucket.failures - 1)
        return pause(bucket, now + DOUBT_PAUSE * doublings)
    # Different calls failed: that is not about the recipients who failed alone in one of them.
    bucket = replace(bucket, doubted=())
    return open_breaker(bucket, evidence.because, now, is_unreachable=evidence.is_unreachable, jitter=jitter)


def _after_call_while_open(
    bucket: Bucket, evidence: Evidence, *, is_probe: bool, now: datetime, jitter: float
) -> Bucket:
    """Only the probe counts. Other calls began before the breaker opened."""
    if not is_probe:
        return bucket
    match evidence.finding:
        case Finding.WORKS:
            return close_breaker(bucket)
        case Finding.NOTHING:
            return replace(bucket, turn_at=None, probe_at=now + NEXT_PROBE)
        case Finding.DOUBTFUL:
            return _schedule_probe(bucket, now, jitter)
        case Finding.THROTTLED if evidence.until_next_day or evidence.asked_pause_seconds is not None:
            bucket = close_breaker(bucket)
            return throttle(bucket, evidence.asked_pause_seconds, now, until_next_day=evidence.until_next_day)
    bucket = replace(
        bucket,
        broken_because=evidence.because or bucket.broken_because,
        is_unreachable=evidence.is_unreachable,
        failed_probes=bucket.failed_probes + 1,
    )
    return _schedule_probe(bucket, now, jitter)


def _schedule_probe(bucket: Bucket, now: datetime, jitter: float) -> Bucket:
    # The first batch that asks from now on gets the moment of the probe; the others queue behind it.
    return replace(bucket, turn_at=None, probe_at=now + bucket.probe_interval * (1 + JITTER * (2 * jitter - 1)))
