"""A thread that sends wake-ups, so that no call waits for a broker, be it slow, hung or gone.

What is asked for within 10 ms is sent once, and in a stream of calls within 200 ms: sending a wake-up takes 2 ms of a
processor, a seventh of a call that sends to one person. The thread takes what is asked for before it sends, so a
wake-up that is asked for meanwhile is sent after it: none is lost, unless the process is killed, and then the sweep
finds the work.
"""

import atexit
import os
import time
from collections.abc import Callable, Hashable
from threading import Condition, Thread
from typing import Final, Generic, TypeVar

import structlog

logger = structlog.get_logger(__name__)

_WINDOW_SECONDS: Final = 0.01
_LEAST_SECONDS_BETWEEN: Final = 0.2
# How long a process that ends waits for what it was asked to send.
_LAST_WAIT_SECONDS: Final = 1.0

WakeupT = TypeVar("WakeupT", bound=Hashable)


class BackgroundSender(Generic[WakeupT]):
    """Calls `send` with what is asked for, in a thread that begins with the first."""

    def __init__(self, send: Callable[[WakeupT], None]) -> None:
        self._send = send
        self._begin()
        # A fork has the parent's lists, but not its thread.
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.wait_until_sent, _LAST_WAIT_SECONDS)

    def _begin(self) -> None:
        self._changed = Condition()
        self._asked: dict[WakeupT, None] = {}  # in the order in which they came
        self._is_sending = False
        self._thread: Thread | None = None

    def ask(self, wakeup: WakeupT) -> None:
        """Have a wake-up sent soon. Returns at once."""
        with self._changed:
            self._asked[wakeup] = None
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="wake-ups", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait_until_sent(self, timeout_seconds: float) -> bool:
        """Wait until all that was asked for is sent. Returns whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._asked and not self._is_sending, timeout_seconds)

    def _run(self) -> None:
        sent_at = -_LEAST_SECONDS_BETWEEN
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked)
            time.sleep(max(_WINDOW_SECONDS, sent_at + _LEAST_SECONDS_BETWEEN - time.monotonic()))
            sent_at = time.monotonic()
            with self._changed:
                wakeups, self._asked = list(self._asked), {}
                self._is_sending = True
            for wakeup in wakeups:
                self._send_one(wakeup)
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()

    def _send_one(self, wakeup: WakeupT) -> None:
        try:
            self._send(wakeup)
        except Exception:
            logger.exception("hint_failed", hint=str(wakeup))
