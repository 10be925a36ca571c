"""The short form of `make chaos`: the most telling fault, and the mutant that its row must catch."""

from collections.abc import Iterator

import pytest

from tests.chaos.registry import CAUGHT_BY, ROWS, Row, load_rows
from tests.chaos.run import play_mutant, play_row, running_stack
from tests.chaos.stack import Stack

SHORT = [row for row in load_rows() if row.is_short]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


@pytest.mark.parametrize("row", SHORT, ids=lambda row: row.name)
def test_no_fault_loses_or_silently_doubles_anybody(row: Row, stack: Stack) -> None:
    played = play_row(row, stack, is_short=True)
    assert not played.faults
    assert played.verdict.accepted


# `make chaos` plays all three mutants: the rows of the others take a minute.
@pytest.mark.parametrize(("mutant", "row"), [pair for pair in CAUGHT_BY.items() if ROWS[pair[1]].is_short])
def test_mutants_are_caught(mutant: str, row: str, stack: Stack) -> None:
    played = play_mutant(mutant, ROWS[row], stack, is_short=True)
    assert played.verdict.counted or played.verdict.uncounted, f"the checker saw nothing: {played.faults}"
    assert any("duplicated" in fault for fault in played.faults)
