"""Counts requests of a minute in Valkey, for all processes together.

While a counter has many requests left, a process takes a portion of them at once, and counts it down by itself: asking
Valkey for each request cost a single send 9 to 12 % (docs/benchmarks.md). A portion is a 200th of what is left, so a
quota of less than 400 is counted one by one, and near its end each is. What a process has taken and does not use is
lost to the others until the minute is over: 0.5 % of a quota for each process at most. More than the quota is never
allowed.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Final, NamedTuple

from distributor.engine.infrastructure.valkey import add_up

PORTIONS: Final = 200
# A counter is needed until its minute is over, by the clocks of all web servers.
_LIFETIME_SECONDS: Final = 120


class _Portion(NamedTuple):
    """Which numbers of a minute's requests this process may give: from `following` to `last`."""

    following: int
    last: int


class RequestCounts:
    """The portions of one process, of the current minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute = 0
        self._portions: dict[str, _Portion] = {}

    def count(self, quotas: Mapping[str, int], minute: int) -> Mapping[str, int] | None:
        """Count a request by each of the counters, and return its number in the minute. `quotas` are by counter.

        A request whose number is above the quota is refused. None if Valkey is away: nothing is limited then.
        """
        with self._lock:
            if minute != self._minute:
                self._minute, self._portions = minute, {}
            numbers = {counter: number for counter in quotas if (number := self._next(counter)) is not None}
            sizes = {counter: self._size(counter, quotas[counter]) for counter in quotas.keys() - numbers.keys()}
        if not sizes:
            return numbers
        totals = add_up(
            {f"distributor:requests:{counter}:{minute}": n for counter, n in sizes.items()}, _LIFETIME_SECONDS
        )
        if totals is None:
            return None
        with self._lock:
            for (counter, size), total in zip(sizes.items(), totals, strict=True):
                numbers[counter] = total - size + 1
                # Of two portions taken at the same moment one is lost, and so is one of a minute that is over.
                if minute == self._minute:
                    self._portions[counter] = _Portion(total - size + 2, total)
        return numbers

    def _next(self, counter: str) -> int | None:
        portion = self._portions.get(counter)
        if portion is None or portion.following > portion.last:
            return None
        self._portions[counter] = portion._replace(following=portion.following + 1)
        return portion.following

    def _size(self, counter: str, quota: int) -> int:
        taken = self._portions[counter].last if counter in self._portions else 0
        return max((quota - taken) // PORTIONS, 1)
