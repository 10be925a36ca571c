"""Find people who are already on a list, compared by the fields that a call chooses and by a stored date."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

# In 5/3/2026 the day comes first: the publisher of the API that we mirror is British.
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ].*)?", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY_FIRST = re.compile(r"(\d\d?)([/.-])(\d\d?)\2(\d{4})(?: .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DataField:
    """A key of a contact's embedded data, for example "Department"."""

    key: str


# A field that people are compared by: one of a contact's own, or one of its embedded data.
ContactField: TypeAlias = Literal["phone", "email", "first_name", "last_name", "title"] | DataField


@dataclass(frozen=True, slots=True)
class Duplication:
    """What makes a person a duplicate: all of `fields` are equal.

    `date_field` holds the day of the last contact. From `limit_days` after that day the person is no
    longer a duplicate; None: always one. `writes_date`: new members get today's date in `date_field`.
    """

    fields: tuple[ContactField, ...] = ()
    date_field: ContactField | None = None
    limit_days: int | None = None
    writes_date: bool = False


@dataclass(frozen=True, slots=True)
class MemberMatch:
    """A person to add, and the dates of the list members who match.

    People with equal `key`s match. None means that every compared field is blank, which matches nobody. `date` is the
    text of the person's own date field.
    """

    key: str | None
    date: str
    dates_of_members: Sequence[str]


def find_duplicates(people: Sequence[MemberMatch], duplication: Duplication, today: date) -> list[bool]:
    """Return for each person, in order, whether a member or a person added before is a duplicate of them."""
    dates_added: dict[str, list[str]] = {}
    verdicts = []
    for person in people:
        if person.key is None:
            verdicts.append(False)
            continue
        earlier_dates = [*person.dates_of_members, *dates_added.get(person.key, ())]
        is_duplicate = any(is_recent(text, duplication.limit_days, today) for text in earlier_dates)
        verdicts.append(is_duplicate)
        if not is_duplicate:
            stored_date = today.isoformat() if duplication.writes_date else person.date
            dates_added.setdefault(person.key, []).append(stored_date)
    return verdicts


def is_recent(text: str, limit_days: int | None, today: date) -> bool:
    """Return whether fewer than `limit_days` have passed since a date.

    An unreadable date counts as recent, so that nobody is contacted again on a guess.
    """
    day = None if limit_days is None else read_date(text)
    return day is None or limit_days is None or (today - day).days < limit_days


def read_date(text: str) -> date | None:
    """Read 2026-03-05 (a time may follow), 20260305, 5/3/2026, 05.03.2026 or 05-03-2026; None if it is no date."""
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
