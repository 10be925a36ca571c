"""Who is on a list already: people are compared by the fields that a call chooses, and by a date on file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

USER_FIELDS: Final = tuple(f"user{number}" for number in range(1, 11))
FIELDS: Final = ("tel", "email", "firstname", "lastname", "title", *USER_FIELDS)
# Where a date can stand: no number and no address is one.
DATE_FIELDS: Final = ("firstname", "lastname", "title", *USER_FIELDS)
# The day comes first, as the publisher of the API that asks for this, a British one, writes it.
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ].*)?", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY_FIRST = re.compile(r"(\d\d?)([/.-])(\d\d?)\2(\d{4})(?: .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Duplication:
    """What makes somebody a duplicate: `fields` (of FIELDS), all alike.

    `date_field` (of DATE_FIELDS) holds the day of the last contact: `limit_days` after it one is no duplicate any more.
    Without a limit one always is. `writes_date`: who is added gets today's date there.
    """

    fields: tuple[str, ...] = ()
    date_field: str | None = None
    limit_days: int | None = None
    writes_date: bool = False


@dataclass(frozen=True, slots=True)
class MemberMatch:
    """Somebody's `key` (equal keys are alike; None: every field is blank, which is like nobody), own date, and the
    dates of the list's members who are alike."""

    key: str | None
    date: str
    dates_of_members: Sequence[str]


def find_duplicates(people: Sequence[MemberMatch], duplication: Duplication, today: date) -> list[bool]:
    """Of each in order, whether a member or somebody who is added before is the same and not long enough ago."""
    added: dict[str, list[str]] = {}
    found = []
    for person in people:
        if person.key is None:
            found.append(False)
            continue
        earlier = [*person.dates_of_members, *added.get(person.key, ())]
        is_duplicate = any(is_recent(one, duplication.limit_days, today) for one in earlier)
        found.append(is_duplicate)
        if not is_duplicate:
            own = today.isoformat() if duplication.writes_date else person.date
            added.setdefault(person.key, []).append(own)
    return found


def is_recent(text: str, limit_days: int | None, today: date) -> bool:
    """Whether less than the limit has passed. What cannot be read is recent: nobody is contacted on a guess."""
    day = None if limit_days is None else read_date(text)
    return day is None or limit_days is None or (today - day).days < limit_days


def read_date(text: str) -> date | None:
    """2026-03-05, with a time behind it or without, 20260305, 5/3/2026, 05.03.2026 or 05-03-2026; None: no date."""
    text = text.strip()
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = match.groups()
    elif match := _DAY_FIRST.fullmatch(text):
        day, _, month, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
