"""Checks of one client. It runs inside the client's environment, so it uses the standard library only."""

import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Some clients retry for ever. The alarm is repeated, because they catch every exception.
CHECK_SECONDS, ALARM_EVERY_SECONDS = 60, 5


class Suite:
    """The checks of a client, in the order in which they run. Later ones use what earlier ones have made."""

    def __init__(self) -> None:
        self._checks: list[Callable[[], None]] = []
        self._out_of_scope: dict[str, str] = {}

    def check(self, function: Callable[[], None]) -> Callable[[], None]:
        self._checks.append(function)
        return function

    def leave_out(self, reason: str, *names: str) -> None:
        """Name calls of the client that this product does not offer."""
        self._out_of_scope |= dict.fromkeys(names, reason)

    def run(self) -> None:
        """Run every check and write a line about each into the file RESULTS."""
        with Path(os.environ["RESULTS"]).open("w") as file:

            def write(**line: Any) -> None:
                print(json.dumps(line), file=file, flush=True)

            write(planned=[check.__name__ for check in self._checks], outOfScope=self._out_of_scope)
            signal.signal(signal.SIGALRM, _give_up)
            for check in self._checks:
                started_at = time.time()
                fault = _try(check)
                write(name=check.__name__, fault=fault, startedAt=started_at, endedAt=time.time())


def expect(got: object, wanted: object) -> None:
    """Raise AssertionError with both values if they differ."""
    assert got == wanted, f"got {got!r}, not {wanted!r}"


def wait_for(get: Callable[[], Any], limit_seconds: float = 20.0) -> Any:
    """Call it until it returns something that is true, and return that."""
    deadline = time.monotonic() + limit_seconds
    while not (found := get()):
        assert time.monotonic() < deadline, f"still {found!r} after {limit_seconds:.0f} s"
        time.sleep(0.2)
    return found


def _try(check: Callable[[], None]) -> str:
    """Return what is wrong; "" if nothing is."""
    signal.setitimer(signal.ITIMER_REAL, CHECK_SECONDS, ALARM_EVERY_SECONDS)
    try:
        check()
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def _give_up(*_: object) -> None:
    raise TimeoutError(f"no end after {CHECK_SECONDS} s")
