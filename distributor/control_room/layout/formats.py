"""How moments and numbers are written: one way on all pages."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import number_format


def format_moment(moment: datetime | None) -> str:
    """Return a moment such as 2026-03-02 08:00:05, in the time zone that the page names; "–" if there is none."""
    return "–" if moment is None else timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


def format_minute(moment: datetime | None) -> str:
    """Return a moment without seconds, such as 2026-03-02 08:00."""
    return "–" if moment is None else timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def format_span(seconds: float | None) -> str:
    """Return a length of time in its two largest units: 6 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    if seconds is None:
        return "–"
    whole = max(round(seconds), 0)
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    for place, (length, name) in enumerate(units):
        if whole >= length or length == 1:
            count, rest = divmod(whole, length)
            below = units[place + 1] if place + 1 < len(units) else None
            smaller = rest // below[0] if below else 0
            return f"{count} {name} {smaller} {below[1]}" if below and smaller else f"{count} {name}"
    return ""


def format_number(number: float | None, digits: int = 0) -> str:
    """Return a number with the thousands separator of the operator's language: 1,204."""
    return "–" if number is None else number_format(round(number, digits), digits, force_grouping=True)


def format_money(amount: Decimal, currency: str) -> str:
    """Return an amount of money: 1,204.50 EUR. Below one it has as many digits as it needs: 0.0345 EUR."""
    digits = 2 if amount >= 1 or not amount else max(2, -amount.normalize().as_tuple().exponent)  # type: ignore[operator]
    return f"{number_format(round(amount, digits), digits, force_grouping=True)} {currency}"


def format_share(part: float, whole: float) -> str:
    """Return a part in percent, with one decimal below ten: 2.8 %. "–" of nothing."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    return f"{format_number(percent, 1 if percent < 10 else 0)} %"
