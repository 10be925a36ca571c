"""Named points at which a call on a connection of its own is held, so that a race can be played move by move.

The product knows nothing of them: a point is right before a function that the product calls there anyway, and which is
then called with whatever it was given.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, get_ident
from types import ModuleType
from typing import Any

import pytest
from django.db import connection

from distributor.engine.consent import opt_out
from distributor.engine.dispatch import begin, loop, settle
from distributor.engine.feedback import ingest
from distributor.engine.follow_up import add, arm
from distributor.engine.manual_retry import resend, start
from distributor.engine.responses import record
from tests.support.simultaneous import DEADLINE_SECONDS, wait_until_blocked

POINTS: dict[str, tuple[ModuleType, str]] = {
    "claimed": (loop, "begin"),  # the claim is committed, nothing is begun
    "judged": (begin, "take_tokens"),  # people are locked and have passed, nothing is written down
    "begun": (loop, "hand_over"),  # the hand-over is committed, the provider was not called
    "handed over": (loop, "settle"),  # the provider has answered, nothing is written down
    "settling": (settle, "release_slots"),  # people are moved, nothing is committed
    "told": (ingest, "add_counts"),  # an event has moved people, nothing is committed
    "adding": (add, "wake_follow_ups_on_commit"),  # the step is written, nothing is committed
    "looking": (arm, "read_attempts"),  # a follow-up's people are locked and were looked at
    "arming": (arm, "add_counts"),  # a follow-up's people wait for it, nothing is committed
    "retrying": (start, "resend_to"),  # a retry's people are locked, nothing is written down
    "resent": (resend, "wake_lane_on_commit"),  # a retry's people wait again, nothing is committed
    "answering": (record, "stop_journeys"),  # the link is used up, nothing is committed
    "opting out": (opt_out, "stop_for_signals"),  # the recipients are locked, nothing is committed
}


class Race:
    """Starts other calls while the first call is held."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._started: list[Future[None]] = []

    def start(self, call: Callable[[], object]) -> None:
        """Start a call on another connection, and return once it waits for a lock of the held call."""
        self._started.append(self._pool.submit(_run, call))
        wait_until_blocked(len(self._started))

    def finish(self) -> None:
        for future in self._started:
            future.result(DEADLINE_SECONDS)


@contextmanager
def held_at(point: str, call: Callable[[], object]) -> Iterator[Race]:
    """Run the call until it first reaches the point. It continues when the block ends."""
    module, name = POINTS[point]
    arrived, go_on = Event(), Event()
    real = getattr(module, name)
    held_thread: list[int] = []

    def hold(*args: Any, **kwargs: Any) -> Any:
        if held_thread == [get_ident()] and not arrived.is_set():
            arrived.set()
            assert go_on.wait(DEADLINE_SECONDS), f"the call held at {point!r} was not released"
        return real(*args, **kwargs)

    def run() -> None:
        held_thread.append(get_ident())
        _run(call)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(4) as pool:
        patch.setattr(module, name, hold)
        held = pool.submit(run)
        held.add_done_callback(lambda _: arrived.set())
        assert arrived.wait(DEADLINE_SECONDS)
        try:
            assert not held.done(), f"the call ended without reaching {point!r}: {held.exception()!r}"
            race = Race(pool)
            yield race
        finally:
            go_on.set()
        held.result(DEADLINE_SECONDS)
        race.finish()


def _run(call: Callable[[], object]) -> None:
    try:
        call()
    finally:
        connection.close()
