"""Charts as SVG, rendered on the server. Colours come by classes from control_room.css; each has a text alternative."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from distributor.control_room.layout.formats import format_number, format_share


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: its CSS class, what it is called, and how much it is."""

    name: str
    label: str
    count: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a chart: counts above the line by CSS class, and the count below the line."""

    label: str
    above: Mapping[str, float]
    below: float = 0


def stacked_bar(parts: Iterable[Part]) -> SafeString:
    """Return a bar with the share of each part."""
    shown = [part for part in parts if part.count > 0]
    total = sum(part.count for part in shown)
    start, rows = 0.0, []
    for part in shown:
        share = 100 * part.count / total
        rows.append((part.name, f"{start:.3f}", f"{share:.3f}"))
        start += share
    title = ", ".join(f"{format_number(part.count)} {part.label}" for part in shown)
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img"><title>{}</title>{}</svg>',
        title or "–",
        format_html_join("", '<rect class="{}" x="{}" width="{}" height="10"/>', rows),
    )


def spark_line(values: Sequence[float | None], label: str) -> SafeString:
    """Return a small line of values, from the oldest to the newest; None leaves a gap. `label` tells it in words."""
    known = [value for value in values if value is not None]
    if not known:
        return format_html('<span class="quiet">{}</span>', "–")
    low, span = min(known), (max(known) - min(known)) or 1
    step = 100 / max(len(values) - 1, 1)
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{place * step:.1f},{22 - 20 * (value - low) / span:.1f}")
    # A point alone is drawn as a line of no length, which round caps make visible.
    lines = ((" ".join(run if len(run) > 1 else run * 2),) for run in runs if run)
    return format_html(
        '<svg class="spark" viewBox="-2 0 104 24" preserveAspectRatio="none" role="img"><title>{}</title>{}</svg>',
        label,
        format_html_join("", '<polyline points="{}"/>', lines),
    )


def columns(points: Sequence[Column], label: str) -> SafeString:
    """Return stacked columns above a line, and failures below it. Both sides have the same scale."""
    top = max([sum(point.above.values()) for point in points] + [0])
    bottom = max([point.below for point in points] + [0])
    scale = 60 / ((top + bottom) or 1)
    line = top * scale if top + bottom else 58
    rects = []
    for place, point in enumerate(points):
        y = line
        for name, count in point.above.items():
            if count > 0:
                y -= count * scale
                rects.append((name, place * 4, f"{y:.2f}", f"{count * scale:.2f}"))
        if point.below > 0:
            rects.append(("failed", place * 4, f"{line:.2f}", f"{point.below * scale:.2f}"))
    width = max(len(points) * 4, 4)
    return format_html(
        '<svg class="columns" viewBox="0 0 {} 60" preserveAspectRatio="none" role="img"><title>{}</title>{}'
        '<line x1="0" x2="{}" y1="{}" y2="{}"/></svg>',
        width,
        label,
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="3" height="{}"/>', rects),
        width,
        f"{line:.2f}",
        f"{line:.2f}",
    )


def funnel(stages: Sequence[tuple[str, float]]) -> SafeString:
    """Return stages as bars from the first to the last, each with its count and its share of the first."""
    first = max(stages[0][1], 1) if stages else 1
    rows = (
        (label, f"{min(100 * count / first, 100):.2f}", format_number(count), format_share(count, stages[0][1]))
        for label, count in stages
    )
    return format_html(
        '<ol class="funnel">{}</ol>',
        format_html_join(
            "",
            '<li><span>{}</span><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            '<rect width="{}" height="10"/></svg><strong>{}</strong><span class="quiet">{}</span></li>',
            rows,
        ),
    )
