"""How fast a competitor's workers drain what was queued for them."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.1
DRAIN_LIMIT_SECONDS = 180.0


def watch_rate(count_sent: Callable[[], int], total: int, check: Callable[[], None]) -> float:
    """Return messages/s from the first poll that finds some sent to the one that finds all; start-up is not counted."""
    deadline = time.monotonic() + DRAIN_LIMIT_SECONDS
    first: tuple[int, float] | None = None
    while (sent := count_sent()) < total:
        if sent and first is None:
            first = (sent, time.monotonic())
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sent} of {total} sent after {DRAIN_LIMIT_SECONDS:.0f} s")
        check()
        time.sleep(POLL_SECONDS)
    if first is None:
        raise RuntimeError(f"{total} messages are too few to measure: all were sent between two looks")
    return (total - first[0]) / (time.monotonic() - first[1])
