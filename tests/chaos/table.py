"""The table: printed at the end, and written between markers into docs/reliability.md."""

from collections.abc import Sequence
from pathlib import Path

from tests.chaos.run import Played

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
_HEAD = ("row", "accepted", "ok", "lost", "duplicates counted / uncounted", "unknown", "unexpected", "recovery s", "")


def render_table(played: Sequence[Played]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| " + " | ".join(_HEAD) + " |", "|---|" + "---:|" * 7 + "---|"]
    lines += ["| " + " | ".join(_cells(each)) + " |" for each in played]
    return "\n".join(lines)


def render_mutants(played: Sequence[tuple[str, Played]]) -> str:
    """Return a table of the mutants: which row noticed each, and by what."""
    lines = ["| mutant of the product | row | the checker says |", "|---|---|---|"]
    for mutant, each in played:
        said = "; ".join(each.faults).replace("|", "/").replace("\n", " ") or "NOT CAUGHT"
        lines.append(f"| {mutant} | {each.row.name} | {said} |")
    return "\n".join(lines)


def write_table(table: str, page: Path = PAGE) -> None:
    """Replace what is between the page's markers. Raises ValueError if they are missing."""
    text = page.read_text()
    if BEGIN not in text or END not in text.partition(BEGIN)[2]:
        raise ValueError(f"{page} lacks {BEGIN} … {END}")
    before, _, rest = text.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


def _cells(played: Played) -> list[str]:
    verdict, name = played.verdict, f"**{played.row.name}**: {played.row.fault}"
    if played.skipped:
        return [name, *["–"] * 7, f"SKIPPED: {played.skipped}"]
    recovery = "–" if verdict.recovery_seconds is None else f"{verdict.recovery_seconds:.1f}"
    remarks = [*(f"FAILED: {fault}" for fault in played.faults), *played.notes]
    numbers = [
        f"{verdict.accepted:,}",
        f"{len(verdict.ok):,}",
        str(len(verdict.lost)),
        f"{len(verdict.counted)} / {len(verdict.uncounted)}",
        str(len(verdict.unknown)),
        str(len(verdict.unexpected)),
        recovery,
    ]
    return [name, *numbers, "; ".join(remarks).replace("|", "/").replace("\n", " ")]
