"""The progress of a distribution, as numbers and as an SVG bar."""

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from distributor.models import Distribution


@dataclass(frozen=True, slots=True)
class Part:
    """Contacts that are equally far: their count, and its start and width in the bar, in percent."""

    name: str
    count: int
    start: float
    share: float


def parts_of(distribution: Distribution) -> list[Part]:
    """Return all parts in the order of the bar, including those with a count of zero."""
    parts = []
    start = 0.0
    for name, count in distribution.progress.items():
        share = 100 * count / distribution.accepted_count if distribution.accepted_count else 0.0
        parts.append(Part(name, count, round(start, 3), round(share, 3)))
        start += share
    return parts


def progress_bar(distribution: Distribution) -> SafeString:
    """Render an SVG bar with the share of each outcome. Its colours are in admin.css."""
    parts = [part for part in parts_of(distribution) if part.count]
    return format_html(
        '<svg class="progress" viewBox="0 0 100 10" preserveAspectRatio="none" role="img"><title>{}</title>{}</svg>',
        ", ".join(f"{part.count:,} {part.name}" for part in parts) or "no recipients",
        format_html_join(
            "",
            '<rect class="{}" x="{}" width="{}" height="10"/>',
            ((part.name, str(part.start), str(part.share)) for part in parts),
        ),
    )
