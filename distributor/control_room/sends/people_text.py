"""People as text: lines of values as spreadsheets copy and export them, or addresses alone, one a line.

The first line may name the columns, in English or Polish. What no name of ours fits becomes data of the person, for
`${contact:…}` in texts. Every fault is named with its line, all at once.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.addresses import is_email, spell_email, strip_unseen
from contacts.contact_fields import MAX_DATA_KEYS, ContactFields
from contacts.phone_numbers import normalize_phone
from distributor.engine.imports.columns import DATA, field_named, names_people
from distributor.engine.imports.values import read_data, read_value
from tables.reading.delimited import separator_of

MAX_ROWS: Final = 10_000
MAX_BYTES: Final = 2_000_000
_SAMPLE: Final = 20_000  # characters from which the separator is guessed
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a line, counted from 1, in one of its columns; "" for the whole line."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        where = _("Line %(line)s") % {"line": self.line}
        return f"{where}, {self.column}: {self.text}" if self.column else f"{where}: {self.text}"


@dataclass(slots=True)
class People:
    """The people of a text, and its faults. `faults` about the text as a whole have line 0."""

    contacts: list[ContactFields] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    text_faults: list[str] = field(default_factory=list)

    @property
    def has_faults(self) -> bool:
        return bool(self.faults or self.text_faults)


def read_people(text: str, region: str) -> People:
    """Read people from a text. `region` is the ISO 3166 country of numbers without a country code, such as PL."""
    people = People()
    if len(text.encode(errors="replace")) > MAX_BYTES:
        people.text_faults.append(_("The text is too long: at most 2 MB."))
        return people
    rows = list(_rows_of(text.lstrip("\ufeff"), people))
    header = _header_of(rows[0][1]) if rows else None
    if header is not None:
        del rows[0]
        people.text_faults += _header_faults(header)
    if not rows:
        people.text_faults.append(_("Give at least one person."))
    elif len(rows) > MAX_ROWS:
        people.text_faults.append(_("Too many people: at most 10,000."))
    if not people.text_faults:
        _read_rows(people, header, rows, region)
    return people


def _rows_of(text: str, people: People) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the number of its first line."""
    first_line = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text[:_SAMPLE]), strict=True)
    try:
        for row in reader:
            cells = [strip_unseen(cell) for cell in row]
            if any(cells):
                yield first_line, cells
            first_line = reader.line_num + 1
    except csv.Error as error:
        fault = _("Line %(line)s cannot be read: %(fault)s.") % {"line": reader.line_num, "fault": error}
        people.text_faults.append(fault)


def _header_of(cells: Sequence[str]) -> list[str] | None:
    """Return the columns that the first line names; None if it is a person already."""
    return [field_named(cell) or f"{DATA}{cell}" for cell in cells] if names_people(cells) else None


def _header_faults(header: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(header, start=1):
        shown = name.removeprefix(DATA)
        if not shown:
            yield _("Column %(number)s has no name.") % {"number": place}
        elif name in header[: place - 1]:
            yield _("The column “%(name)s” is there twice.") % {"name": shown}
        elif "\0" in shown:
            yield _("The name of column %(number)s has a NUL character.") % {"number": place}
        elif len(shown) > _LONGEST:
            yield _("The name of column %(number)s is too long: at most 255 characters.") % {"number": place}
    data_count = sum(name.startswith(DATA) for name in header)
    if data_count > MAX_DATA_KEYS:
        yield _("Too many columns of data: at most 200.")


def _read_rows(
    people: People, columns: Sequence[str] | None, rows: Sequence[tuple[int, list[str]]], region: str
) -> None:
    for line, cells in rows:
        if columns is None:
            contact = dict(_recognised(people, line, cells, region))
        else:
            contact = _named(people, line, columns, cells, region)
        if not any(contact.get(name) for name in ("external_id", "email", "phone")) and not (
            people.faults and people.faults[-1].line == line
        ):
            people.faults.append(RowFault(line, "", _("Needs an e-mail address, a phone number or an external id.")))
        people.contacts.append(cast(ContactFields, contact))


def _recognised(people: People, line: int, cells: Sequence[str], region: str) -> Iterator[tuple[str, str]]:
    """Recognise the values of a line without column names: an address, a number."""
    seen = set()
    for cell in filter(None, cells):
        email = spell_email(cell)
        found = ("email", email) if is_email(email) else ("phone", normalize_phone(cell, region) or "")
        if not found[1]:
            text = _("“%(value)s” is neither an e-mail address nor a phone number.") % {"value": cell[:80]}
            people.faults.append(RowFault(line, "", text + " " + _("Name the columns in the first line.")))
        elif found[0] in seen:
            people.faults.append(RowFault(line, "", _("One person in a line, please.")))
        else:
            seen.add(found[0])
            yield found


def _named(people: People, line: int, columns: Sequence[str], cells: Sequence[str], region: str) -> dict[str, Any]:
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        text = ngettext("Has more values than the %(count)s column.", "Has more values than the %(count)s columns.",
                        len(columns)) % {"count": len(columns)}  # fmt: skip
        people.faults.append(RowFault(line, "", text))
    contact: dict[str, Any] = {}
    data: dict[str, str] = {}
    for name, cell in zip(columns, cells, strict=False):
        if not cell:
            continue
        is_data = name.startswith(DATA)
        value, wrong = read_data(cell) if is_data else read_value(name, cell, region)
        if wrong:
            column = name.removeprefix(DATA) if is_data else _label(name)
            people.faults.append(RowFault(line, column, str(wrong)))
        if is_data:
            data[name.removeprefix(DATA)] = value
        elif name == "name":
            first, _blank, last = value.partition(" ")
            contact |= {"first_name": first, "last_name": last.strip()}
        else:
            contact[name] = value
    if data:
        contact["embedded_data"] = data
    return contact


def _label(name: str) -> str:
    return {
        "email": _("e-mail"),
        "phone": _("phone"),
        "first_name": _("first name"),
        "last_name": _("last name"),
        "name": _("name"),
        "title": _("title"),
        "external_id": _("external id"),
        "locale": _("language"),
        "time_zone": _("time zone"),
    }[name]
