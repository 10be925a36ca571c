"""What the modules of the kinds share: the scope of an export, its rows and pages, and the description of a kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contacts.models import Organization
from distributor.engine.exports.columns import Column
from distributor.engine.exports.filters import ExportFilters


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows, which of them, and as of when."""

    organization: Organization
    filters: ExportFilters
    now: datetime


class Row(NamedTuple):
    """A row: the person it is about, if it is about one, and the value of each of the kind's columns."""

    contact_id: UUID | None
    values: Mapping[str, Any]


class Page(NamedTuple):
    """Rows after a position. `after` is the position of the last row looked at; `scanned` is how many were.

    A page may have fewer rows than were looked at: none of people who were erased, and none that the filters leave out.
    """

    rows: list[Row]
    after: str
    is_last: bool
    scanned: int


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of export. `read_page` takes the scope, the position ("": from the start) and the number of rows.

    `count` says about how many rows a whole export looks at. `needs_one_of`: filters of which one must be given.
    `permission` is what an operator needs to see such rows.
    """

    meaning: str
    columns: tuple[Column, ...]
    filters: frozenset[str]
    read_page: Callable[[Scope, str, int], Page]
    count: Callable[[Scope], int]
    permission: str
    needs_one_of: frozenset[str] = frozenset()
