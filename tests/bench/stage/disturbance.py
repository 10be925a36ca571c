"""Other load on the machine: scenarios that run one after the other are only comparable without it."""

import time
from pathlib import Path

SAMPLE_SECONDS = 2.0
# Of all cores. Above it, a ratio may say more about other load than about the two scenarios.
MOST_PERCENT = 10.0
_STAT = Path("/proc/stat")


def busy_percent() -> float | None:
    """Return how busy other processes keep the cores while this run waits, or None if that is unknown (not Linux).

    Time stolen by the host of a virtual machine counts as busy, since it is missing too.
    """
    if not _STAT.exists():
        return None
    busy_before, total_before = _ticks()
    time.sleep(SAMPLE_SECONDS)
    busy, total = _ticks()
    return 100 * (busy - busy_before) / max(1, total - total_before)


def _ticks() -> tuple[int, int]:
    """Return busy and all ticks since the start. proc_stat(5) orders them: user, nice, system, idle, iowait, irq, …"""
    ticks = [int(field) for field in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
