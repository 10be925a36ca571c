"""What follows an attempt: a retry, or the end of the step. Celery's own retries, ETA and countdown are not used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from distributor.rules.timing.timetable import round_up


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When a person's message is tried again on one step: after `first`, doubled up to `longest`, within `limit`."""

    first: timedelta
    longest: timedelta
    limit: timedelta


# Greylisting ends after minutes, a full mailbox after hours. A phone that is off is on again the same day or never.
_BY_PHONE = RetrySchedule(timedelta(minutes=1), timedelta(minutes=30), limit=timedelta(hours=4))
RETRY_SCHEDULES = {
    "email": RetrySchedule(timedelta(minutes=1), timedelta(hours=3), limit=timedelta(hours=24)),
    "sms": _BY_PHONE,
    "whatsapp": _BY_PHONE,
}
# A message that was not tried because the time for its batch was up leaves with the next one.
NEXT_BATCH = timedelta(seconds=1)
# A provider that takes the attempt's key is asked again after as long as the outcome has been unknown, within these.
REPEAT_AFTER = timedelta(minutes=1)
REPEAT_LONGEST = timedelta(hours=1)
# A switched-off account is looked at again after this.
ACCOUNT_PAUSE = timedelta(minutes=1)
# Scopes of channels.providers.base.Scope that say nothing of a person.
ACCOUNT_SCOPES = frozenset({"account", "route"})
# Channels where a second copy is better than none. On others, a message of unknown outcome is never sent again.
AT_LEAST_ONCE_CHANNELS = frozenset({"email"})


class Ending(StrEnum):
    """How a step ends, when no further attempt is made on it."""

    SENT = "sent"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class Retry:
    """Try this step again at `due_at`. Not `is_attempt`: it is no attempt of the person's, and nothing is recorded."""

    due_at: datetime
    reason: str
    is_attempt: bool = True


def after_attempt(
    outcome: str,
    *,
    scope: str | None,
    number: int,
    first_at: datetime,
    begun_at: datetime,
    unknown_before: int,
    channel: str,
    evidence_window: timedelta,
    repeat_until: datetime | None,
    now: datetime,
    jitter: float,
) -> Ending | Retry:
    """Return what follows attempt `number` (from 1) on a step, with an outcome of channels.providers.base.Outcome.

    `scope` is what the outcome is about, a channels.providers.base.Scope. `first_at` is when the step's first attempt
    began, `begun_at` when this one did. `unknown_before` counts the recipient's earlier attempts on this step with an
    unknown outcome. `evidence_window` is how long the provider may still report what became of such an attempt; until
    then nothing is resent. `repeat_until` is until when this very attempt may be handed over again and is taken once at
    most; None: never. `jitter` in [0, 1) spreads retries over the second half of the backoff. Raises ValueError for an
    unknown outcome name.
    """
    match outcome:
        case "accepted":
            return Ending.SENT
        case "throttled":
            return Retry(round_up(now + NEXT_BATCH), "throttled", is_attempt=False)
        case "permanent" | "transient" if scope == "sender":
            return Retry(now, "sender_refused", is_attempt=False)
        case "permanent" if scope in ACCOUNT_SCOPES:
            return Retry(now, "provider_account_fault", is_attempt=False)
        case "transient" if scope in ACCOUNT_SCOPES:
            return Retry(now, "account_unavailable", is_attempt=False)
        case "permanent":
            return Ending.FAILED
        case "unknown" if repeat_until is not None and (repeat_at := next_repeat(begun_at, now)) < repeat_until:
            return Retry(repeat_at, "asking_again")
        case "unknown" if evidence_window:
            return Retry(round_up(now + evidence_window), "awaiting_evidence")
        case "unknown" if should_resend(channel, unknown_before + 1):
            return Retry(now, "unknown_outcome")
        case "unknown":
            return Ending.INDETERMINATE
        case "transient":
            due_at = round_up(now + backoff(channel, number) * (1 + jitter) / 2)
            is_over = due_at > first_at + RETRY_SCHEDULES[channel].limit
            return Ending.FAILED if is_over else Retry(due_at, "transient_failure")
    raise ValueError(f"no such outcome: {outcome}")


def next_repeat(begun_at: datetime, now: datetime) -> datetime:
    """Return when an attempt of unknown outcome is handed over again: after 1, 1, 2, 4 … min up to 1 h."""
    return round_up(now + min(max(now - begun_at, REPEAT_AFTER), REPEAT_LONGEST))


def should_resend(channel: str, unknown_attempts: int) -> bool:
    """Return whether a message is sent again after this many attempts whose outcome stayed unknown: at most once."""
    return channel in AT_LEAST_ONCE_CHANNELS and unknown_attempts == 1


def backoff(channel: str, number: int) -> timedelta:
    """Return the longest wait after attempt `number` on a step: by e-mail 1, 2, 4, 8 … min up to 3 h."""
    schedule = RETRY_SCHEDULES[channel]
    doublings: int = 2 ** min(number - 1, 20)
    return min(schedule.first * doublings, schedule.longest)
