"""What follows a try: pure, so that it can be tabled. There is no retry by Celery, no ETA and no countdown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from distributor.rules.timing.timetable import round_up

MAX_ATTEMPTS = 8
BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_LIMIT = timedelta(hours=1)
THROTTLE_PAUSE = timedelta(seconds=5)
# Whatever a provider asks for: not at once again, which would be a busy loop, and not out of sight.
SHORTEST_THROTTLE_PAUSE = timedelta(seconds=1)
LONGEST_THROTTLE_PAUSE = timedelta(hours=1)
# A fault of the account or the sender is nobody's failed attempt: the messages wait until an operator has mended it.
ACCOUNT_PAUSE = timedelta(minutes=1)
# Channels where a second copy is better than none. On the others a message of unknown outcome is never repeated.
AT_LEAST_ONCE_CHANNELS = frozenset({"email"})


class Ending(StrEnum):
    """How a try on one step ends, when nothing more is tried on it."""

    SENT = "sent"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Retry:
    """Look at this step again at `due_at`; a pause is not counted as an attempt."""

    due_at: datetime
    reason: str
    is_attempt: bool = True


def after_attempt(
    outcome: str,
    *,
    about_account: bool,
    number: int,
    unknown_before: int,
    channel: str,
    retry_after_seconds: float | None,
    evidence_window: timedelta,
    now: datetime,
    jitter: float,
) -> Ending | Retry:
    """What follows try `number` (from 1) with this outcome (channels.providers.base.Outcome).

    `jitter` in [0, 1) spreads retries (full jitter: the delay is anywhere between none and the backoff).
    `unknown_before`: how many earlier tries of this recipient on this step are of unknown outcome. `evidence_window`:
    how long the provider may still tell what became of one; until then nothing is resent.
    """
    match outcome:
        case "accepted":
            return Ending.SENT
        case "throttled":
            return Retry(round_up(now + throttle_pause(retry_after_seconds)), "throttled", is_attempt=False)
        case "permanent" if about_account:
            return Retry(round_up(now + ACCOUNT_PAUSE), "provider_account_fault", is_attempt=False)
        case "permanent":
            return Ending.FAILED
        case "unknown" if evidence_window:
            return Retry(round_up(now + evidence_window), "awaiting_evidence")
        case "unknown" if is_resent(channel, unknown_before + 1):
            return Retry(now, "unknown_outcome")
        case "unknown":
            return Ending.INDETERMINATE
        case "transient" if number >= MAX_ATTEMPTS:
            return Ending.FAILED
        case "transient":
            return Retry(round_up(now + backoff(number) * jitter), "transient_failure")
    raise ValueError(f"no such outcome: {outcome}")


def is_resent(channel: str, unknown_tries: int) -> bool:
    """Whether a step's tries of unknown outcome, of which nothing more is heard, are followed by one more."""
    return channel in AT_LEAST_ONCE_CHANNELS and unknown_tries == 1


def throttle_pause(retry_after_seconds: float | None) -> timedelta:
    """What the provider asks for, within reason; our own guess when it asks for nothing that makes sense."""
    if retry_after_seconds is None or not retry_after_seconds >= 0:  # not: NaN is neither
        return THROTTLE_PAUSE
    asked_for = timedelta(seconds=min(retry_after_seconds, LONGEST_THROTTLE_PAUSE.total_seconds()))
    return max(asked_for, SHORTEST_THROTTLE_PAUSE)


def backoff(number: int) -> timedelta:
    """The longest wait after try `number`: 30 s, 1 min, 2 min … 1 h."""
    doublings: int = 2 ** min(number - 1, 20)
    return min(BACKOFF_BASE * doublings, BACKOFF_LIMIT)
