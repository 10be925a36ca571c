"""The values of a workbook's cells as text."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

# Excel keeps 15 digits of a number: of a longer one the last are zeros, whatever was typed.
_MOST_DIGITS: Final = 10**15


def cell_text(value: Any) -> tuple[str, str]:
    """Return a cell's text, and the code of what was lost before or "".

    Whole numbers have no decimals, dates are ISO 8601. Texts stay as they are: only Excel's numbers are numbers.
    """
    match value:
        case bool():
            return ("true" if value else "false"), ""
        case str():
            return value, ""
        case int() | float():
            return _number_text(value)
        case datetime():
            is_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
            return (value.date() if is_day else value.replace(microsecond=0)).isoformat(), ""
        case date() | time():
            return value.isoformat(), ""
        case timedelta():
            return str(value), ""
    return "", ""


def _number_text(number: float) -> tuple[str, str]:
    if abs(number) >= _MOST_DIGITS:
        return f"{number:.0f}" if abs(number) < 1e30 else repr(number), "digits_lost"
    return (str(int(number)) if float(number).is_integer() else repr(number)), ""
