"""The tables: printed at the end, and written between markers into docs/reliability.md, row by row."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.chaos.run import Played

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
_HEADS = {
    "rows": (
        "| row | accepted | ok | lost | duplicates counted / uncounted | unknown | unexpected | recovery s | |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---|"
    ),
    "mutants": "| mutant of the product | row | the checker says |\n|---|---|---|",
}
_NAME = re.compile(r"^\| \*\*(.+?)\*\*", re.MULTILINE)


def render_rows(played: Sequence[Played]) -> dict[str, str]:
    """Return a line of Markdown for each row, by its name."""
    return {each.row.name: _line(_cells(each)) for each in played}


def render_mutants(played: Mapping[str, Played]) -> dict[str, str]:
    """Return a line for each mutant: which row noticed it, and by what."""
    return {
        mutant: _line([f"**{mutant}**", each.row.name, "; ".join(each.faults) or "NOT CAUGHT"])
        for mutant, each in played.items()
    }


def with_head(table: str, lines: Iterable[str]) -> str:
    """Return a whole table, "rows" or "mutants"."""
    return "\n".join([_HEADS[table], *lines])


def merge_into_page(table: str, lines: Mapping[str, str], names: Sequence[str], page: Path = PAGE) -> None:
    """Replace the lines of these rows in the page and keep the others. `names` are all there are, in order.

    Raises ValueError if the page lacks the table's markers.
    """
    begin, end = f"<!-- {table}: begin -->", f"<!-- {table}: end -->"
    text = page.read_text()
    before, found, rest = text.partition(begin)
    old, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"{page} lacks {begin} … {end}")
    known = {name: line for line in old.splitlines() for name in _NAME.findall(line)}
    kept = known | dict(lines)
    new = with_head(table, [kept[name] for name in names if name in kept])
    page.write_text(f"{before}{begin}\n{new}\n{end}{after}")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def _cells(played: Played) -> list[str]:
    verdict, name = played.verdict, f"**{played.row.name}**: {played.row.fault}"
    if played.skipped:
        return [name, *["–"] * 7, f"SKIPPED: {played.skipped}"]
    recovery = "–" if verdict.recovery_seconds is None else f"{verdict.recovery_seconds:.1f}"
    return [
        name,
        f"{verdict.accepted:,}",
        f"{len(verdict.ok):,}",
        str(len(verdict.lost)),
        f"{len(verdict.counted)} / {len(verdict.uncounted)}",
        str(len(verdict.unknown)),
        str(len(verdict.unexpected)),
        recovery,
        "; ".join([*(f"FAILED: {fault}" for fault in played.faults), *played.notes]),
    ]
