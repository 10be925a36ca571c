"""What follows an attempt: a retry, or the end of the step. Celery's own retries, ETA and countdown are not used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from distributor.rules.timing.timetable import round_up

MAX_ATTEMPTS = 8
BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_LIMIT = timedelta(hours=1)
THROTTLE_PAUSE = timedelta(seconds=5)
# Bounds on the pause that a provider asks for: no busy loop, and no wait beyond an hour.
SHORTEST_THROTTLE_PAUSE = timedelta(seconds=1)
LONGEST_THROTTLE_PAUSE = timedelta(hours=1)
# A refused account or sender is not counted as a failed attempt: messages wait until an operator has fixed it.
ACCOUNT_PAUSE = timedelta(minutes=1)
# Channels where a second copy is better than none. On others, a message of unknown outcome is never sent again.
AT_LEAST_ONCE_CHANNELS = frozenset({"email"})


class Ending(StrEnum):
    """How a step ends, when no further attempt is made on it."""

    SENT = "sent"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Retry:
    """Try this step again at `due_at`. Not `is_attempt`: a pause, not counted towards MAX_ATTEMPTS."""

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
    """Return what follows attempt `number` (from 1) with an outcome of channels.providers.base.Outcome.

    `about_account`: the provider refused the account or its sender, not the message. `unknown_before` counts the
    recipient's earlier attempts on this step with an unknown outcome. `evidence_window` is how long the provider may
    still report what became of such an attempt; until then nothing is resent. `jitter` in [0, 1) spreads retries
    between now and the whole backoff (full jitter). Raises ValueError for an unknown outcome name.
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
        case "unknown" if should_resend(channel, unknown_before + 1):
            return Retry(now, "unknown_outcome")
        case "unknown":
            return Ending.INDETERMINATE
        case "transient" if number >= MAX_ATTEMPTS:
            return Ending.FAILED
        case "transient":
            return Retry(round_up(now + backoff(number) * jitter), "transient_failure")
    raise ValueError(f"no such outcome: {outcome}")


def should_resend(channel: str, unknown_attempts: int) -> bool:
    """Return whether a message is sent again after this many attempts whose outcome stayed unknown: at most once."""
    return channel in AT_LEAST_ONCE_CHANNELS and unknown_attempts == 1


def throttle_pause(retry_after_seconds: float | None) -> timedelta:
    """Return the pause that a provider asks for, within bounds; THROTTLE_PAUSE if it asks for none, or for nonsense."""
    if retry_after_seconds is None or not retry_after_seconds >= 0:  # `not … >=` is also true of NaN
        return THROTTLE_PAUSE
    asked_for = timedelta(seconds=min(retry_after_seconds, LONGEST_THROTTLE_PAUSE.total_seconds()))
    return max(asked_for, SHORTEST_THROTTLE_PAUSE)


def backoff(number: int) -> timedelta:
    """Return the longest wait after attempt `number`: 30 s, 1 min, 2 min … 1 h."""
    doublings: int = 2 ** min(number - 1, 20)
    return min(BACKOFF_BASE * doublings, BACKOFF_LIMIT)
