"""How long providers take to answer, in classes: the calls of a minute fit into one small array."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

# Upper bounds in seconds. The last class has none.
BOUNDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CLASSES: Final = len(BOUNDS) + 1


def class_of(seconds: float) -> int:
    """Return the class of an answer time."""
    return bisect_left(BOUNDS, seconds)


def percentile(answers: Sequence[int], share: float) -> float | None:
    """Return the time within which this share of the calls was answered, as the upper bound of its class.

    None if there were no calls; infinity if it is above all bounds.
    """
    total = sum(answers)
    if total <= 0:
        return None
    reached = 0
    for place, count in enumerate(answers):
        reached += count
        if reached >= share * total:
            return BOUNDS[place] if place < len(BOUNDS) else float("inf")
    return float("inf")
