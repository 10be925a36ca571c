"""Pages along a key: the rows after the last one that was shown, in the order of the key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, F, Model, Q, QuerySet

from distributor.engine.reports.pace import first_id_at

RowT = TypeVar("RowT")
ModelT = TypeVar("ModelT", bound=Model)
# What a key consists of: an id, or a moment and an id.
Key = tuple[Any, ...]

# A page stops after so many rows, even if fewer than it may show pass its filters. 50,000 recipients take 20 ms.
REACH: Final = 50_000
# Ids are made by clocks of web servers, and moments by the database's.
_SKEW: Final = timedelta(minutes=5)
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows a page shows: up to `limit` after the key `after`, made and changed in these times."""

    limit: int
    is_ascending: bool
    after: Key | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    updated_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[RowT]):
    """The rows of a page, and the key after which the next page begins; None on the last page.

    `updated_until`, of lists by the time of change: all changes before it are on this page or an earlier one.
    """

    rows: Sequence[RowT]
    next_key: Key | None
    updated_until: datetime | None = None


def cut(rows: Sequence[RowT], limit: int, key_of: Callable[[RowT], Key], until: datetime | None = None) -> Found[RowT]:
    """Return a page of rows, of which there is one more than `limit` if another page follows."""
    shown = rows[:limit]
    return Found(shown, key_of(shown[-1]) if len(rows) > limit else None, until)


def read_by_id(rows: QuerySet[ModelT], window: Window, wanted: Q | None = None) -> Found[ModelT]:
    """Return a page in the order of the ids. `wanted` is what no index serves: at most REACH rows are read for it."""
    rows = _after(rows, window)
    if wanted is None:
        return cut(list(rows[: window.limit + 1]), window.limit, lambda row: (row.pk,))
    ids = _wanted_ids(rows, wanted, window.limit + 1)
    # The ids are few: read by them, not along the order.
    by_id = rows.model._default_manager.filter(pk__in=ids[: window.limit])
    by_id.query.select_related = rows.query.select_related
    known = {row.pk: row for row in by_id}
    shown = [known[row_id] for row_id in ids[: window.limit] if row_id in known]
    if len(ids) > window.limit:
        return Found(shown, (ids[window.limit - 1],))
    last_read = rows.values_list("pk", flat=True)[REACH - 1 : REACH].first()
    return Found(shown, None if last_read is None else (last_read,))


def created_between(rows: QuerySet[ModelT], window: Window, column: str = "created_at") -> QuerySet[ModelT]:
    """Limit rows with UUIDv7 ids to those made in the window, along the index on their ids."""
    if window.created_after is not None:
        first = least_id_at(window.created_after, -_SKEW)
        rows = rows.filter(**{"pk__gte": first, f"{column}__gte": window.created_after})
    if window.created_before is not None:
        end = least_id_at(window.created_before, _SKEW)
        rows = rows.filter(**{"pk__lt": end, f"{column}__lt": window.created_before})
    return rows


def least_id_at(moment: datetime, shift: timedelta = timedelta()) -> UUID:
    """Return the least UUIDv7 of a moment that may be any; ids tell times from 1970 to 9999."""
    inside = min(max(moment, _EARLIEST), _LATEST)
    return first_id_at(inside + shift)


def times(window: Window, column: str) -> Q:
    """Return the condition of a window's times, for rows whose ids tell no time."""
    wanted = Q()
    if window.created_after is not None:
        wanted &= Q(**{f"{column}__gte": window.created_after})
    if window.created_before is not None:
        wanted &= Q(**{f"{column}__lt": window.created_before})
    return wanted


def _after(rows: QuerySet[ModelT], window: Window) -> QuerySet[ModelT]:
    if window.after is not None:
        rows = rows.filter(**{"pk__gt" if window.is_ascending else "pk__lt": window.after[0]})
    return rows.order_by("pk" if window.is_ascending else "-pk")


def _wanted_ids(rows: QuerySet[ModelT], wanted: Q, limit: int) -> list[int | UUID]:
    """Return the ids of the rows that are wanted, among the first REACH rows."""
    marked = rows.select_related(None).annotate(row_id=F("pk"), is_wanted=ExpressionWrapper(wanted, BooleanField()))
    try:
        statement, parameters = marked.values("row_id", "is_wanted")[:REACH].query.sql_with_params()
    except EmptyResultSet:  # a filter by a contact that does not exist
        return []
    with connection.cursor() as cursor:
        # A filter around a query that is ordered and limited is applied to its rows in their order, as they are read.
        cursor.execute(
            f"SELECT row_id FROM ({statement}) AS reach WHERE is_wanted LIMIT %s",  # noqa: S608  Django's own SQL
            [*parameters, limit],
        )
        return [row_id for (row_id,) in cursor]
