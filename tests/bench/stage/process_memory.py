"""The memory of the processes that this one started, sampled once a second."""

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 1.0
_KIB_PER_MB = 1_000_000 / 1024


@dataclass
class Samples:
    """Resident megabytes by process id, in the order in which they were taken."""

    resident_mb: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def most(self) -> float:
        """The largest process, at its largest."""
        return max(max(values) for values in self.resident_mb.values())

    def growth_percent(self) -> float:
        """How much the largest process grew from the first tenth of its samples to the last tenth, which is its end.

        The first tenth is over when the process has done each kind of work once.
        """
        values = max(self.resident_mb.values(), key=max)
        tenth = max(1, len(values) // 10)
        before, after = values[tenth : 2 * tenth] or values[:1], values[-tenth:]
        return 100 * (sum(after) / len(after) / (sum(before) / len(before)) - 1)


@contextmanager
def sampling() -> Iterator[Samples]:
    """Sample all processes below this one until the block ends."""
    samples, is_over = Samples(), threading.Event()

    def sample() -> None:
        while not is_over.wait(SAMPLE_SECONDS):
            for process_id in _processes_below(os.getpid()):
                if megabytes := _resident_mb(process_id):
                    samples.resident_mb[process_id].append(megabytes)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        is_over.set()
        thread.join()


def _processes_below(root_pid: int) -> list[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)):
            children[parent].append(int(folder.name))
    found, waiting = [], [*children[root_pid]]
    while waiting:
        found.append(waiting.pop())
        waiting += children[found[-1]]
    return found


def _resident_mb(process_id: int) -> float:
    """Return what a process has in memory, pages that it shares with others included; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except OSError:
        return 0.0
    resident = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "0")
    return int(resident) / _KIB_PER_MB


def _parent(folder: Path) -> int | None:
    try:
        # `pid (name) state parent …`: the name may contain blanks and brackets.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
