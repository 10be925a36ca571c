"""Values of cells: as text for people, without formulas, and as JSON."""

import json
import re
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import orjson

# A spreadsheet takes a cell that begins like this for a formula, also in full-width characters. A phone number is none.
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n|%＝＋－＠]")
_PHONE: Final = re.compile(r"\+\d+")
_JSON_OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: `=1+1` gets an apostrophe, `+48601234567` does not."""
    return f"'{text}" if _FORMULA.match(text) and not _PHONE.fullmatch(text) else text


def unescape_formula(text: str) -> str:
    """Return what escape_formula() made of a text as it was: in a file of ours that is read back."""
    return text[1:] if text.startswith("'") and escape_formula(text[1:]) == text else text


def to_text(value: Any, zone: tzinfo) -> str:
    """Return a value as text: moments such as 2026-03-02 08:00:05+01:00 in `zone`, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(" ", "seconds")
    if isinstance(value, list | dict):
        return to_json(value).decode()
    return str(value)


def to_json(value: Any) -> bytes:
    """Return a value as JSON: moments in RFC 3339 with Z, ids as text."""
    try:
        return orjson.dumps(value, default=str, option=_JSON_OPTIONS)
    except TypeError:  # a whole number beyond 64 bits, which the database may hold
        return json.dumps(value, default=_plain, ensure_ascii=False).encode("utf-8", "replace")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
