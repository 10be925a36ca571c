"""Patches of the product in one process, as `CHAOS_PATCHES` (JSON) orders them. The product knows nothing of them.

{"kill_at": "begun", "times": 2, "folder": "/tmp/x"}   kill -9 the own process group the first times it gets there
{"stop_at": "claimed", "times": 1, "folder": "/tmp/x"} likewise, SIGSTOP: until somebody sends SIGCONT
{"knows_accounts": true}                               it has called each account before, and each was fast
{"clock_ahead_seconds": 300}                           this process's clock is wrong
{"mutant": "settle before begin"}                      a fault of the product that a row must notice
"""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ORDERS = "CHAOS_PATCHES"


def apply_patches() -> None:
    """Apply what the environment orders. Django is set up by now."""
    for order in json.loads(os.environ.get(ORDERS, "[]")):
        if "kill_at" in order:
            _signal_at(order["kill_at"], signal.SIGKILL, order["times"], Path(order["folder"]))
        elif "stop_at" in order:
            _signal_at(order["stop_at"], signal.SIGSTOP, order["times"], Path(order["folder"]))
        elif "knows_accounts" in order:
            _know_accounts()
        elif "clock_ahead_seconds" in order:
            _set_clock_ahead(order["clock_ahead_seconds"])
        else:
            from tests.chaos.product.mutants import MUTANTS

            MUTANTS[order["mutant"]]()


def _signal_at(point: str, number: signal.Signals, times: int, folder: Path) -> None:
    """Wrap the function right after a named point (tests/support/failpoints.py)."""
    from tests.support.failpoints import POINTS

    module, name = POINTS[point]
    real: Callable[..., Any] = getattr(module, name)

    def signal_first(*args: Any, **kwargs: Any) -> Any:
        for nth in range(times):
            try:
                # The file outlives the process, and of two processes only one makes it.
                (folder / f"{point} {nth}").touch(exist_ok=False)
            except FileExistsError:
                continue
            os.killpg(0, number)
        return real(*args, **kwargs)

    setattr(module, name, signal_first)


def _know_accounts() -> None:
    """Otherwise a process that is frozen before its first call holds the account's slot (decision 40)."""
    from distributor.engine.dispatch import slots

    class Known(dict[Any, float]):
        def get(self, key: Any, default: Any = None) -> Any:
            return super().get(key, 0.05)

    slots._call_seconds = Known()


def _set_clock_ahead(seconds: float) -> None:
    """Shift this process's clock: time.time() and datetime.now(). PostgreSQL's clock, the product's, stays right."""
    import time_machine

    real = time.time()
    time_machine.travel(real + seconds, tick=True).start()
