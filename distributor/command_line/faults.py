"""How a command fails: with every fault at once, and an exit code."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

ResultT = TypeVar("ResultT")

FAILED: Final = 1
BAD_USE: Final = 2


class CommandError(Exception):
    """The command cannot be carried out. Nothing was changed unless a sentence says so."""

    exit_code = FAILED

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults: Sequence[str] = faults


class BadUseError(CommandError):
    """Arguments, or the rows of a file, are wrong."""

    exit_code = BAD_USE


class FaultList:
    """Collects faults, so that a command names all of them."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def add(self, *faults: str) -> None:
        self.faults += faults

    def unless_faulty(self, read: Callable[[], ResultT]) -> ResultT | None:
        """Return what `read` returns. If it raises BadUseError, keep the faults and return None."""
        try:
            return read()
        except BadUseError as error:
            self.add(*error.faults)
            return None

    def raise_if_any(self) -> None:
        if self.faults:
            raise BadUseError(*self.faults)
