"""What a command prints: for people with rich on a terminal, plain lines elsewhere, or one JSON document."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

Cells = Sequence[object]
STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


class Output:
    """Writes to the standard output. With `is_json`, `say` and `table` write nothing and `document` everything."""

    def __init__(self, *, is_json: bool) -> None:
        self.is_json = is_json
        self.console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    @property
    def is_terminal(self) -> bool:
        return self.console.is_terminal and not self.is_json

    def say(self, text: str = "", style: str = "") -> None:
        """Write a line for people."""
        if not self.is_json:
            self.console.print(Text(text, style=style if self.is_terminal else ""))

    def document(self, content: Any) -> None:
        """Write the JSON document, if that is wanted."""
        if self.is_json:
            sys.stdout.write(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode() + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Cells]) -> None:
        """Write rows. On a terminal with a header; elsewhere one line a row, its cells separated by tabs."""
        if self.is_json or not rows:
            return
        if not self.is_terminal:
            for row in rows:
                sys.stdout.write("\t".join(_one_line(cell) for cell in row) + "\n")
            return
        table = Table(box=None, show_header=any(columns), pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for place, name in enumerate(columns):
            is_count, is_id = (all(isinstance(row[place], kind) for row in rows) for kind in (int, UUID))
            table.add_column(name, justify="right" if is_count else "left", overflow="fold", no_wrap=is_id)
        for row in rows:
            table.add_row(*(Text(str(cell), style=STYLES.get(str(cell), "")) for cell in row))
        self.console.print(table, soft_wrap=False)

    @contextmanager
    def progress(self) -> Iterator["ProgressLine"]:
        """Show how far something is: a bar on a terminal, elsewhere a line whenever the count has changed."""
        if not self.is_terminal:
            yield ProgressLine(self, None)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self.console, transient=True) as bar:
            yield ProgressLine(self, bar)


class ProgressLine:
    """A count of people, and a sentence."""

    def __init__(self, output: Output, bar: Progress | None) -> None:
        self._output, self._bar = output, bar
        self._task = bar.add_task("", total=None) if bar else None
        self._last: tuple[int, int] | None = None

    def show(self, done: int, total: int, sentence: str) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total or None, description=_one_line(sentence))
        elif (done, total) != self._last:
            self._output.say(f"{done} of {total}: {sentence}")
        self._last = (done, total)


def show_faults(faults: Sequence[str], *, is_json: bool) -> None:
    """Write faults to the error stream, one a line."""
    text = orjson.dumps({"faults": faults}).decode() if is_json else "\n".join(faults)
    print(text, file=sys.stderr)


def _one_line(cell: object) -> str:
    return " ".join(str(cell).split())
