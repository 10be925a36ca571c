"""The ratios that the quick form judges, and what its process ends with."""

from collections.abc import Sequence
from typing import Final

from tests.bench.report.bars import MIXED, NEW, Bar
from tests.bench.report.sizes import RATE
from tests.bench.report.titles import MESSAGES
from tests.bench.report.verdicts import Verdict
from tests.bench.stage.disturbance import MOST_PERCENT

# Not 1, which says that a ratio is below its minimum. EX_TEMPFAIL of sysexits.h: try again later.
NOT_JUDGED: Final = 75
# Two thirds of the lowest median on an idle machine: docs/benchmarks.md, “The quick form”.
MINIMUMS = [
    Bar("acceptance: ours / serializers + bulk_create", ("c", MIXED), ("b", MIXED), 3.2),
    Bar("acceptance: ours / bare COPY, all new", ("c", NEW), ("d", NEW), 0.28),
    Bar("single send: ours / naive view", ("n", RATE), ("nn", RATE), 2.4),
    Bar("single send: ours / floor behind our front door", ("n", RATE), ("nf", RATE), 0.3),
    Bar("dispatch: ours / django-post-office", ("g", MESSAGES), ("f", MESSAGES), 13.0),
    Bar("dispatch: ours / a task a message", ("g", MESSAGES), ("e", MESSAGES), 100.0),
]


def exit_code(verdicts: Sequence[Verdict], busy_percent: float) -> int:
    """Return 0, 1 if a ratio is below its minimum, or NOT_JUDGED: beside other work neither result is evidence.

    Raises ValueError if a ratio is missing.
    """
    if len(verdicts) < len(MINIMUMS):
        raise ValueError(f"only {len(verdicts)} of {len(MINIMUMS)} ratios were measured")
    if busy_percent > MOST_PERCENT:
        return NOT_JUDGED
    return 0 if all(verdict.is_met for verdict in verdicts) else 1
