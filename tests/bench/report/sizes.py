"""The part of the report on calls of different sizes."""

from tests.bench.rounds import Figures

RATE = "requests_per_second"
COLUMNS = {
    "single send": ("n", RATE),
    "quick, 1 contact": ("o", f"1_contacts_{RATE}"),
    "10": ("o", f"10_contacts_{RATE}"),
    "100": ("o", f"100_contacts_{RATE}"),
    "1,000": ("o", f"1000_contacts_{RATE}"),
}
SIDES = {"naive view": "n", "ours": "", "floor behind our front door": "f"}
WIDTH = 18


def size_lines(figures: Figures) -> list[str]:
    """Return requests/s by size, with our ratios to the naive view and to the floor."""
    columns = {title: place for title, place in COLUMNS.items() if place[0] in figures}
    if not columns:
        return []
    rates = {
        side: [figures.get(name + suffix, {}).get(figure, 0.0) for name, figure in columns.values()]
        for side, suffix in SIDES.items()
    }
    naive, ours, floor = rates.values()
    rows = [_row(side, [f"{rate:,.1f}" for rate in values]) for side, values in rates.items()]
    return [
        "requests/s, all contacts new, 4 clients",
        _row("", list(columns)),
        *rows,
        _row(
            "ours / naive view",
            list(map(_ratio, ours, naive)),
        ),
        _row("floor / ours", list(map(_ratio, floor, ours))),
        "",
    ]


def _row(title: str, cells: list[str]) -> str:
    return f"  {title:<30}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)


def _ratio(over: float, under: float) -> str:
    return f"{over / under:.1f}x" if under else "–"
