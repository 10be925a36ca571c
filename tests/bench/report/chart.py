"""Horizontal bars as SVG: a median each, and a line from the least to the greatest of its rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tests.bench.rounds import Spread

WIDTH, LABEL_WIDTH, VALUE_WIDTH = 996, 456, 90
ROW_HEIGHT, BAR_HEIGHT, TOP = 30, 18, 44
OURS, THEIRS, SPREAD, INK = "#00796b", "#90a4ae", "#263238", "#212121"


@dataclass(frozen=True)
class Row:
    """A bar. `is_ours` gives it the product's colour."""

    label: str
    spread: Spread
    is_ours: bool = False


def bar_chart(title: str, rows: Sequence[Row]) -> str:
    """Return an SVG document. Bars begin at zero, and the longest takes the whole width."""
    most = max(row.spread.greatest for row in rows)
    per_unit = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most if most else 0.0
    height = TOP + ROW_HEIGHT * len(rows) + 8
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
                f' height="{height}" role="img" aria-label="{escape(title)}" font-family="sans-serif" font-size="13"'
                f' fill="{INK}">'
            ),
            # A ground of its own, for pages in dark colours.
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="12" y="26" font-size="15" font-weight="bold">{escape(title)}</text>',
            *(_bar(number, row, per_unit) for number, row in enumerate(rows)),
            "</svg>",
            "",
        ]
    )


def _bar(number: int, row: Row, per_unit: float) -> str:
    top = TOP + ROW_HEIGHT * number
    middle = top + BAR_HEIGHT / 2
    length, least, greatest = (
        round(value * per_unit, 1) for value in (row.spread.median, row.spread.least, row.spread.greatest)
    )
    parts = [
        f'<text x="{LABEL_WIDTH - 8}" y="{middle + 4:g}" text-anchor="end">{escape(row.label)}</text>',
        (
            f'<rect x="{LABEL_WIDTH}" y="{top}" width="{max(length, 1)}" height="{BAR_HEIGHT}"'
            f' fill="{OURS if row.is_ours else THEIRS}"/>'
        ),
        f'<text x="{LABEL_WIDTH + max(length, greatest) + 8:g}" y="{middle + 4:g}">{shown(row.spread.median)}</text>',
    ]
    if row.spread.count > 1:
        parts.append(
            f'<path d="M{LABEL_WIDTH + least:g} {middle:g}H{LABEL_WIDTH + greatest:g}" stroke="{SPREAD}"'
            ' stroke-width="2"/>'
        )
    return "".join(parts)


def shown(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
