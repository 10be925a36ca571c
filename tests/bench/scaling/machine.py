"""Virtual time: processes that compute, wait and lock, on a number of cores that runnable ones share equally."""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count


@dataclass(frozen=True)
class Compute:
    """So many seconds of one core."""

    seconds: float


@dataclass(frozen=True)
class Wait:
    """So many seconds on the clock, without a core."""

    seconds: float


@dataclass(frozen=True)
class Lock:
    """Wait until the lock is free, and take it. Machine.unlock gives it to the process that has waited longest."""


@dataclass(frozen=True)
class Message:
    """Wait for the next wake-up."""


Step = Compute | Wait | Lock | Message
Process = Generator[Step, None, None]


class Machine:
    """Runs processes until a time. All are deterministic: nothing is drawn."""

    def __init__(self, cores: int) -> None:
        self.now = 0.0
        self.locked_seconds = 0.0
        self._cores = cores
        self._order = count()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._computing: dict[Process, float] = {}
        self._lock_queue: deque[Process] = deque()
        self._locked_since: float | None = None
        self._idle: deque[Process] = deque()
        self._wakeups: deque[float] = deque()

    def start(self, process: Process) -> None:
        self._resume(process)

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        heappush(self._timers, (self.now + seconds, next(self._order), do))

    def send_wakeup(self, expires_at: float = float("inf")) -> None:
        """Give a wake-up to the process that has been idle longest. If none is idle, it waits until it is void."""
        if self._idle:
            self._resume(self._idle.popleft())
        else:
            self._wakeups.append(expires_at)

    def unlock(self) -> None:
        assert self._locked_since is not None
        self.locked_seconds += self.now - self._locked_since
        self._locked_since = self.now if self._lock_queue else None
        if self._lock_queue:
            self._resume(self._lock_queue.popleft())

    def run_until(self, end: float) -> None:
        """Go from event to event: a timer, or the end of a computation, whichever is first."""
        while True:
            rate = min(1.0, self._cores / len(self._computing)) if self._computing else 0.0
            timer_at = self._timers[0][0] if self._timers else float("inf")
            first = min(self._computing, key=self._computing.__getitem__, default=None)
            ready_at = self.now + self._computing[first] / rate if first is not None else float("inf")
            next_at = min(timer_at, ready_at)
            if next_at > end:
                self._compute((end - self.now) * rate)
                self.now = end
                return
            self._compute((next_at - self.now) * rate)
            self.now = next_at
            if first is not None and ready_at <= timer_at:
                del self._computing[first]
                self._resume(first)
            else:
                heappop(self._timers)[2]()

    def _compute(self, seconds: float) -> None:
        for process in self._computing:
            self._computing[process] -= seconds

    def _resume(self, process: Process) -> None:
        """Let a process go on to its next step that takes time."""
        for step in process:
            if isinstance(step, Compute):
                self._computing[process] = step.seconds
                return
            if isinstance(step, Wait):
                self.after(step.seconds, lambda: self._resume(process))
                return
            if isinstance(step, Lock):
                if self._locked_since is not None:
                    self._lock_queue.append(process)
                    return
                self._locked_since = self.now
            elif not self._take_wakeup():
                self._idle.append(process)
                return

    def _take_wakeup(self) -> bool:
        """Take a wake-up that is not void, and drop void ones."""
        while self._wakeups:
            if self._wakeups.popleft() > self.now:
                return True
        return False
