"""The registry of rows: a row of the table is a function with this decorator, in any module of rows/.

@row("worker killed", "kill -9 of both workers, three times", risk=600, is_short=True)
def kill_workers(trial: Trial) -> None:
    trial.accept(600)
    ...
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tests.chaos.rows

if TYPE_CHECKING:
    from tests.chaos.stack import Stack
    from tests.chaos.trial import Trial


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `fault` says what is done, for the table. `risk`: how many counted duplicates the fault excuses. `is_short`: part of
    the test suite. `limit_seconds`: until everybody's journey must have ended. `missing` returns why the row cannot run
    here, or "". `stack`: a stack of its own, where the fault would spoil the common one.
    """

    name: str
    fault: str
    play: "Callable[[Trial], None]"
    risk: int = 0
    is_short: bool = False
    limit_seconds: float = 180.0
    missing: Callable[[], str] = str
    stack: "Callable[[], AbstractContextManager[Stack]] | None" = None


ROWS: dict[str, Row] = {}
# Each mutant of the product (product/mutants.py), and the row that must fail with it.
CAUGHT_BY = {
    "lock removed": "calm",
    "fence unchecked": "worker frozen before it begins",
    "settle before begin": "worker killed in mid-call",
}


def row(
    name: str,
    fault: str,
    *,
    risk: int = 0,
    is_short: bool = False,
    limit_seconds: float = 180.0,
    missing: Callable[[], str] = str,
    stack: "Callable[[], AbstractContextManager[Stack]] | None" = None,
) -> "Callable[[Callable[[Trial], None]], Callable[[Trial], None]]":
    """Register a function as a row. The fields are those of Row."""

    def register(play: "Callable[[Trial], None]") -> "Callable[[Trial], None]":
        assert name not in ROWS, f"there are two rows called {name!r}"
        ROWS[name] = Row(name, fault, play, risk, is_short, limit_seconds, missing, stack)
        return play

    return register


def load_rows() -> Iterator[Row]:
    """Import every module of rows/ and return the rows: by module, in the order of their definition."""
    for module in pkgutil.iter_modules(tests.chaos.rows.__path__):
        importlib.import_module(f"tests.chaos.rows.{module.name}")
    return iter(ROWS.values())
