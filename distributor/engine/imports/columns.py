"""What the columns of a file mean: the names that we know, and the mapping that a caller may give.

Fields have the names of ContactFields. `data:ward` is the key `ward` of embedded data, `name` a first and a last name
in one cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from contacts.addresses import is_email, spell_email, strip_unseen
from contacts.contact_fields import MAX_DATA_KEYS
from distributor.engine.imports.faults import FileFault

DATA: Final = "data:"
FIELDS: Final = (*("external_id", "email", "phone", "first_name", "last_name", "name", "title", "locale", "time_zone"),)
KEYS: Final = frozenset({"external_id", "email", "phone"})
MAX_NAME_LENGTH: Final = 255
_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "email": ("email", "e-mail", "mail", "e-mail address", "email address", "adres e-mail", "adres email"),
    "phone": (
        *("phone", "phone number", "mobile", "mobile phone", "telephone", "number", "cell"),
        *("telefon", "numer telefonu", "nr telefonu", "tel", "tel.", "komórka", "telefon komórkowy"),
    ),
    "first_name": ("first name", "firstname", "given name", "imię", "imie"),
    "last_name": ("last name", "lastname", "surname", "family name", "nazwisko"),
    "name": ("name", "full name", "imię i nazwisko", "imie i nazwisko"),
    "title": ("title", "tytuł", "tytul"),
    "external_id": ("external id", "externalid", "id", "identyfikator"),
    "locale": ("locale", "language", "język", "jezyk"),
    "time_zone": ("time zone", "timezone", "strefa czasowa"),
}
# Columns of exports of contacts. Some say what no file may set.
_EXPORTED_DATA: Final = "embeddedData."
_NOT_READ_BACK: Final = frozenset({"contactId", "optedOutAt", "createdAt", "updatedAt", "embeddedData"})
# What the file of errors adds behind the file's own columns.
ERROR_COLUMNS: Final = ("row", "reason")
_FIELD_OF_NAME: Final = {name: field for field, names in _NAMES.items() for name in names}


class MappingError(Exception):
    """The columns of a file cannot be read as people."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults


def field_named(column: str) -> str | None:
    """Return the field that a column's name means, in English or Polish or in an export of ours; None for another."""
    name = strip_unseen(column)
    if name.startswith(_EXPORTED_DATA) and name != _EXPORTED_DATA:
        return DATA + name.removeprefix(_EXPORTED_DATA)
    return "" if name in _NOT_READ_BACK else _FIELD_OF_NAME.get(name.lower().replace("_", " "))


def names_people(header: Sequence[str]) -> bool:
    """Return whether a row names columns of ours, one of which identifies people."""
    return any(field_named(cell) in KEYS for cell in header)


def propose_targets(header: Sequence[str], unknown_columns: str = "data") -> list[str]:
    """Return the field of each column by its name; "" for a column that is left out."""
    targets = [_target_named(column, unknown_columns) for column in header]
    if tuple(header[-len(ERROR_COLUMNS) :]) == ERROR_COLUMNS:
        targets[-len(ERROR_COLUMNS) :] = [""] * len(ERROR_COLUMNS)
    return targets


def _target_named(column: str, unknown_columns: str) -> str:
    known = field_named(column)
    if known is not None:
        return known
    return DATA + strip_unseen(column) if unknown_columns == "data" and column.strip() else ""


def resolve_targets(header: Sequence[str], mapping: Mapping[str, Any], unknown_columns: str = "data") -> list[str]:
    """Return the field of each column: as the mapping says, else by its name. "" and null in it leave a column out.

    Raises MappingError with all faults.
    """
    names = [strip_unseen(column) for column in header]
    by_name = {strip_unseen(name): (field or "") for name, field in mapping.items()}
    proposed = propose_targets(names, unknown_columns)
    targets = [by_name.get(name, target) for name, target in zip(names, proposed, strict=True)]
    faults = [FileFault("column_not_found", {"column": name}) for name in by_name if name not in names]
    if faults := [*faults, *_faults(names, targets)]:
        raise MappingError(faults)
    return targets


def _faults(names: Sequence[str], targets: Sequence[str]) -> Iterator[FileFault]:
    if any(is_email(spell_email(name)) for name in names):
        yield FileFault("no_header", {})
        return
    for place, (name, target) in enumerate(zip(names, targets, strict=True)):
        if name and name in names[:place]:
            yield FileFault("column_twice", {"column": name[:80]})
        elif target and target in targets[:place]:
            yield FileFault("field_twice", {"column": name[:80], "other": names[targets.index(target)][:80]})
        elif target == DATA:
            yield FileFault("column_without_name", {"number": place + 1})
        elif len(target.removeprefix(DATA)) > MAX_NAME_LENGTH:
            yield FileFault("column_name_too_long", {"number": place + 1})
    if not KEYS.intersection(targets):
        yield FileFault("no_key_column", {})
    if sum(target.startswith(DATA) for target in targets) > MAX_DATA_KEYS:
        yield FileFault("too_many_data_columns", {"limit": MAX_DATA_KEYS})
