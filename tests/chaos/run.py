"""Plays a row on a stack, with or without a mutant of the product."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.checker import Verdict
from tests.chaos.product.programs import WORKERS
from tests.chaos.registry import Row
from tests.chaos.stack import Stack
from tests.chaos.trial import Trial


@dataclass
class Played:
    """A row with its verdict. `faults`: what must not be. `skipped`: why it was not played."""

    row: Row
    verdict: Verdict = field(default_factory=Verdict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0


@contextmanager
def running_stack(
    folder: Path | None = None, logs_to: Path | None = None, *, has_rabbitmq: bool = False
) -> Iterator[Stack]:
    """Start a stack (see Stack), and end it with all of its processes when the block ends."""
    stack = Stack(folder, logs_to, has_rabbitmq=has_rabbitmq)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


def play_mutant(mutant: str, row: Row, stack: Stack, *, is_short: bool) -> Played:
    """Play a row with a fault of the product in both workers (product/mutants.py). It must fail."""
    for worker in WORKERS:
        stack.programs.patch(worker, {"mutant": mutant})
    stack.programs.stop(*WORKERS, is_hurried=True)
    stack.programs.start(*WORKERS)
    return play_row(row, stack, is_short=is_short)


def play_row(row: Row, stack: Stack, *, is_short: bool) -> Played:
    """Play a row and judge it. Whatever it broke is mended afterwards, also if it fails."""
    if why := row.missing():
        return Played(row, skipped=why)
    if row.stack is not None:
        with row.stack() as own_stack:
            return _play(row, own_stack, is_short=is_short)
    return _play(row, stack, is_short=is_short)


def _play(row: Row, stack: Stack, *, is_short: bool) -> Played:
    started_at = time.monotonic()
    trial = Trial(row, stack, is_short=is_short)
    played = Played(row, notes=trial.notes)
    try:
        row.play(trial)
        if trial.fault_ended_at is None:
            trial.fault_ended_at = time.time()
        stack.mend()
        trial.drain()
        played.verdict = trial.judge()
        played.faults = trial.faults + played.verdict.faults(row.risk)
        if not played.verdict.accepted:
            played.faults.append("nobody was accepted")
    except Exception as error:
        # One row that breaks must not cost the others; it counts as failed.
        played.faults.append(f"{type(error).__name__}: {error}")
    try:
        stack.mend()
        stack.reset_programs()
    except Exception as error:
        played.faults.append(f"afterwards, {type(error).__name__}: {error}")
    played.seconds = time.monotonic() - started_at
    return played
