"""When a request with events is tried again, and when an endpoint is given a rest or switched off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GIVES_UP_AFTER: Final = timedelta(hours=24)
# Failures in a row, over all requests, after which an endpoint only gets one request in a while.
RESTS_AFTER: Final = 5
_PAUSES: Final = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400)]
_LONGEST_REST: Final = timedelta(minutes=10)
_LONGEST_ASKED_SECONDS: Final = 3_600.0
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How an endpoint stands: its failures in a row, since when, and until when it rests."""

    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    disabled_because: str = ""


WORKS: Final = EndpointHealth()


def next_try(
    first_at: datetime, tries: int, now: datetime, jitter: float, last_success_at: datetime | None
) -> datetime | None:
    """Return when a request that was tried so often is tried again; None: it has failed for 24 hours.

    `jitter` is in [0, 1): the pause is up to a quarter longer. `last_success_at` is when the endpoint last took
    anything. While it takes nothing, that is no fault of the request, so it is not given up.
    """
    pause = _PAUSES[min(tries, len(_PAUSES)) - 1] * (1 + jitter / 4)
    if last_success_at is None or last_success_at <= first_at:
        return now + pause
    if now - first_at >= GIVES_UP_AFTER:
        return None
    return min(now + pause, first_at + GIVES_UP_AFTER)


def health_after(
    before: EndpointHealth,
    succeeded: int,
    failed: int,
    now: datetime,
    *,
    is_gone: bool = False,
    asked_seconds: float | None = None,
) -> EndpointHealth:
    """Return how an endpoint stands after some requests. Any success ends its trouble.

    `asked_seconds` is the pause that the endpoint asked for (Retry-After). `is_gone`: it answered 410.
    """
    asked_pause = timedelta(seconds=min(asked_seconds or 0, _LONGEST_ASKED_SECONDS))
    if is_gone:
        return EndpointHealth(disabled_because="It answered 410 Gone.")
    if succeeded or not failed:
        retry_at = now + asked_pause if asked_pause else None
        return before if not (succeeded or failed) else EndpointHealth(retry_at=retry_at)
    failures, since = before.failures + failed, before.failing_since or now
    if now - since >= GIVES_UP_AFTER:
        return EndpointHealth(failures, since, disabled_because="It took nothing for 24 hours.")
    rest = timedelta(0)
    if failures >= RESTS_AFTER:
        # Several may fail at once before the first rest. From then on each failure doubles it.
        failures = failures if before.failures >= RESTS_AFTER else RESTS_AFTER
        rest = min(timedelta(seconds=5 * 2 ** min(failures - RESTS_AFTER, 10)), _LONGEST_REST)
    rest = max(rest, asked_pause)
    return EndpointHealth(failures, since, now + rest if rest else None)
