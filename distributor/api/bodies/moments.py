"""Dates and times as callers write them: ISO 8601, with what databases and languages make of it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import PydanticCustomError

_FORM: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<offset>[Zz]|UTC|(?P<sign>[+−-])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?))?",
    re.ASCII,
)
_INVALID: Final = "Not a valid date and time. Use ISO 8601, for example 2026-03-05T09:00:00+01:00."


def normalize_moment(given: Any) -> str:
    """Return a date and time in the form that pydantic reads. Raise an error for all but ISO 8601 text.

    Pydantic reads "20260305" as seconds since 1970, and a send scheduled for March would leave at once. It refuses
    what PostgreSQL (`2027-03-05 09:00:00+00`), .NET (`2027-03-05 09:00:00 +00:00`) and Ruby (`… UTC`) write, the end
    of a day as 24:00, and leap seconds.
    """
    match = _FORM.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise PydanticCustomError("datetime_parsing", _INVALID)
    second = match["second"] or "00"
    fraction = (match["fraction"] or "")[:6]
    text = f"{match['date']}T{match['hour']}:{match['minute']}:{second}{'.' if fraction else ''}{fraction}"
    offset = _offset(match)
    if match["hour"] == "24" or second == "60":
        text = _next(match, text, offset)
    return text + offset


def none_if_blank_text(given: Any) -> Any:
    """Treat a blank text as no time: forms and exports have one in fields that are not filled in."""
    return None if isinstance(given, str) and not given.strip() else given


def _offset(match: re.Match[str]) -> str:
    if match["sign"] is None:
        return "Z" if match["offset"] else ""
    return f"{match['sign'].replace('−', '-')}{match['hours']}:{match['minutes'] or '00'}"


def _next(match: re.Match[str], text: str, offset: str) -> str:
    """Return 24:00 as the next day's 00:00, and a leap second, which is always at 23:59:60 UTC, as the next second.

    Other texts are returned as they are: pydantic tells what is wrong with them.
    """
    try:
        if re.fullmatch(r"24:00:00(\.0*)?", text[11:]):
            return (datetime.fromisoformat(match["date"]) + timedelta(days=1)).isoformat()
        last_second = datetime.fromisoformat(f"{text[:17]}59{offset or 'Z'}")
        if last_second.astimezone(UTC).strftime("%H:%M") == "23:59":
            return (last_second.replace(tzinfo=None) + timedelta(seconds=1)).isoformat()
    except (ValueError, OverflowError):
        pass
    return text
