"""The short form of `make chaos`: the most telling faults. The mutants are its long form's."""

from collections.abc import Iterator

import pytest

from tests.chaos.registry import Row, load_rows
from tests.chaos.run import play_row, running_stack
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
