"""A table of what came of an account's last messages, by destination."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.html import format_html, format_html_join

from channels.account_state.steering import Tally
from channels.models import AccountScore

# Less than this is left of what came of messages hours ago.
_SHOWN_FROM = 0.5


def describe_scores(scores: Iterable[AccountScore], now: datetime) -> str:
    """Return a table of scores as they are now, or a sentence if there are none."""
    rows = [(score.destination, score.tally.aged(now - score.decayed_at)) for score in scores]
    shown = [_cells(destination, tally) for destination, tally in rows if tally.taken + tally.refused >= _SHOWN_FROM]
    calls = "".join(_describe_calls(tally) for destination, tally in rows if not destination)
    if not shown and not calls:
        return "nothing known: counted where accounts share messages by weight"
    lines = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", shown)
    return format_html(
        "{}<table><thead><tr><th>Destination</th><th>Accepted</th><th>Delivered in time</th></tr></thead>{}</table>",
        calls,
        lines,
    )


def _cells(destination: str, tally: Tally) -> tuple[str, str, str]:
    accepted = _describe_part(tally.taken, tally.taken + tally.refused)
    return destination or "others", accepted, _describe_part(tally.delivered, tally.reported)


def _describe_calls(tally: Tally) -> str:
    if min(tally.calls, tally.answered) < _SHOWN_FROM:
        return ""
    worked = _describe_part(tally.calls - tally.failed_calls, tally.calls)
    return f"{worked} calls worked, {tally.seconds / tally.answered:.2f} s per message"


def _describe_part(part: float, count: float) -> str:
    return f"{100 * part / count:.0f} % of {count:,.0f}" if count >= _SHOWN_FROM else "not reported"
