"""The columns of an export: their names, what they mean, and how a row's values become cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAX_COLUMNS: Final = 300
# Of the keys of answers and embedded data that become columns of their own, if nobody names columns.
MAX_FOUND_KEYS: Final = 100
# Of those that an export remembers, of all its rows, for an API that makes columns of them itself.
MAX_KNOWN_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `is_data`: an object with keys of the callers, each of which is a column, too, such as `answers.score`.

    `is_moment`: a moment, which files of text hold as text.
    """

    name: str
    meaning: str
    is_data: bool = False
    is_moment: bool = False


CONTACT_COLUMNS: Final = (
    Column("contactId", "The contact's id."),
    Column("externalId", "The contact's id in your system."),
    Column("firstName", "The contact's first name."),
    Column("lastName", "The contact's last name."),
    Column("email", "The contact's e-mail address."),
    Column("phone", "The contact's phone number in E.164."),
)


def find_column(columns: Sequence[Column], name: str) -> Column | None:
    """Return the column of a name. `answers.score` is found by the column `answers`, if that holds data."""
    for column in columns:
        if column.name == name or (column.is_data and name.startswith(f"{column.name}.") and name != f"{column.name}."):
            return column
    return None


def default_columns(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], *, is_flat: bool) -> list[str]:
    """Return the names of all columns. In flat files a column for each key found in `rows` stands before its object."""
    names: list[str] = []
    known_rows = list(rows) if is_flat else []
    for column in columns:
        if column.is_data:
            keys = dict.fromkeys(key for row in known_rows for key in row[column.name])
            names += [f"{column.name}.{key}" for key in list(keys)[:MAX_FOUND_KEYS]]
        names.append(column.name)
    return names


def add_keys(
    columns: Sequence[Column], known: Mapping[str, list[str]], rows: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return the keys of the rows' data by column, in the order in which they were found, after the known ones."""
    found = {column.name: dict.fromkeys(known.get(column.name, ())) for column in columns if column.is_data}
    for row in rows:
        for name, keys in found.items():
            if len(keys) < MAX_KNOWN_KEYS:
                keys.update(dict.fromkeys(row[name]))
    return {name: list(keys)[:MAX_KNOWN_KEYS] for name, keys in found.items()}


class Picker:
    """Picks the chosen columns' values out of rows, in their order."""

    def __init__(self, columns: Sequence[Column], names: Sequence[str]) -> None:
        plain = {column.name for column in columns}
        self._places: list[tuple[str, str | None]] = []
        for name in names:
            if name in plain:
                self._places.append((name, None))
            else:
                column, _, key = name.partition(".")
                self._places.append((column, key))

    def pick(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[name] if key is None else values[name].get(key) for name, key in self._places]
