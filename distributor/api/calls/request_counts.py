"""Counts requests of a minute in Valkey, for all processes together.

While a counter has many requests left, a process takes a portion of them at once, and counts it down by itself: asking
Valkey for each request cost a single send 9 to 12 % (docs/benchmarks.md). A portion is a thousandth of what is left, so
a quota of less than 2,000 is counted one by one, and near its end each is. What a process has taken and does not use is
lost to the others until the minute is over: at most 0.1 % of a quota for each thread that takes portions at the same
moment. More than the quota is never allowed.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Final

from distributor.engine.infrastructure.valkey import add_up

PORTIONS: Final = 1_000
# A counter is needed until its minute is over, by the clocks of all web servers.
_LIFETIME_SECONDS: Final = 120


class _Taken:
    """What this process has taken of a counter: the highest number, and the portions of which some are left."""

    def __init__(self) -> None:
        self.highest = 0
        self.left: list[range] = []

    def next(self) -> int | None:
        """Return a number that is left, or None."""
        if not self.left:
            return None
        portion = self.left.pop()
        if len(portion) > 1:
            self.left.append(portion[1:])
        return portion[0]


class RequestCounts:
    """What one process has taken in the current minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute = 0
        self._taken: dict[str, _Taken] = {}

    def count(self, quotas: Mapping[str, int], minute: int) -> Mapping[str, int] | None:
        """Count a request by each of the counters, and return its number in the minute. `quotas` are by counter.

        A request whose number is above the quota is refused. None if Valkey is away: nothing is limited then.
        """
        numbers, sizes = {}, {}
        with self._lock:
            if minute != self._minute:
                self._minute, self._taken = minute, {}
            for counter, quota in quotas.items():
                taken = self._taken.setdefault(counter, _Taken())
                number = taken.next()
                if number is None:
                    sizes[counter] = max((quota - taken.highest) // PORTIONS, 1)
                else:
                    numbers[counter] = number
        if not sizes:
            return numbers
        keys = {f"distributor:requests:{counter}:{minute}": size for counter, size in sizes.items()}
        totals = add_up(keys, _LIFETIME_SECONDS)
        if totals is None:
            return None
        for (counter, size), total in zip(sizes.items(), totals, strict=True):
            numbers[counter] = total - size + 1
            self._keep(counter, range(total - size + 2, total + 1), minute)
        return numbers

    def _keep(self, counter: str, portion: range, minute: int) -> None:
        """Keep a portion, unless its minute is over."""
        with self._lock:
            if minute != self._minute:
                return
            taken = self._taken.setdefault(counter, _Taken())
            taken.highest = max(taken.highest, portion.stop - 1)
            if portion:
                taken.left.append(portion)
