"""Starting an export: check all that is asked for at once, and store it for the workers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models, transaction

from contacts.channel import Channel
from contacts.models import MailingList, Organization
from distributor.engine.exports.columns import MAX_COLUMNS, default_columns, find_column
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.kinds import KINDS
from distributor.engine.exports.pages import Kind, Scope
from distributor.engine.exports.recipients import STATES
from distributor.engine.infrastructure.audit import Actor, record
from distributor.engine.infrastructure.wakeups import wake_exports_on_commit
from distributor.models import Distribution, Export, Survey
from distributor.models.export import ExportFormat
from distributor.rules.exports import MAX_FAILURES

KEPT_FOR: Final = timedelta(days=7)
# Of one organisation: each takes its turn, so more would only wait longer.
MAX_UNFINISHED: Final = 20
_SAMPLE: Final = 1_000  # rows in which the keys of data are looked for
_SAMPLED_PAGES: Final = 20
_REFERENCES: Final[Mapping[str, type[models.Model]]] = {
    "distributionId": Distribution,
    "surveyId": Survey,
    "listId": MailingList,
}


@dataclass(frozen=True, slots=True)
class ExportFault:
    """A fault of what is asked for. `place` is a path such as `filters/listId` or `columns/2`."""

    place: str
    code: str
    text: str


class ExportRefusedError(Exception):
    """What is asked for cannot be exported. Nothing was written."""

    def __init__(self, faults: Sequence[ExportFault]) -> None:
        super().__init__("; ".join(fault.text for fault in faults))
        self.faults = faults


class TooManyExportsError(Exception):
    """The organisation has MAX_UNFINISHED exports that are not finished."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is asked for. `columns` None: all, with one for each key of the data. `row_limit` None: all rows.

    `rendering` is what an API that shows the file in its own words keeps of the call (decision 59).
    """

    kind: str
    format: str
    filters: ExportFilters = field(default_factory=ExportFilters)
    columns: Sequence[str] | None = None
    row_limit: int | None = None
    rendering: Mapping[str, Any] = field(default_factory=dict)


def find_export_faults(organization: Organization, request: ExportRequest) -> list[ExportFault]:
    """Return every fault of a request whose kind is known."""
    kind = KINDS[request.kind]
    return [*_filter_faults(organization, kind, request), *_column_faults(kind, request.columns)]


@transaction.atomic
def start_export(
    organization: Organization, request: ExportRequest, actor: Actor, requested_by: str, now: datetime
) -> Export:
    """Store an export and wake a worker. Raises ExportRefusedError and TooManyExportsError."""
    if faults := find_export_faults(organization, request):
        raise ExportRefusedError(faults)
    if count_unfinished(organization, now) >= MAX_UNFINISHED:
        raise TooManyExportsError
    columns = propose_columns(organization, request, now) if request.columns is None else request.columns
    export = Export.objects.create(
        organization=organization,
        kind=request.kind,
        format=request.format,
        filters=request.filters.to_json(),
        columns=list(columns),
        row_limit=request.row_limit,
        rendering=dict(request.rendering),
        requested_by=requested_by[:255],
        created_at=now,
        expires_at=now + KEPT_FOR,
        due_at=now,
    )
    about = {"kind": [None, request.kind], "format": [None, request.format], "filters": [None, export.filters]}
    record(actor, "exported", export, changes=about)
    wake_exports_on_commit()
    return export


def propose_columns(organization: Organization, request: ExportRequest, now: datetime) -> list[str]:
    """Return all columns; in flat files with one for each key of the data that the first rows have."""
    kind, is_flat = KINDS[request.kind], request.format != ExportFormat.NDJSON
    has_data = is_flat and any(column.is_data for column in kind.columns)
    rows = _first_rows(kind, Scope(organization, request.filters, now)) if has_data else []
    return default_columns(kind.columns, rows, is_flat=is_flat)


def _first_rows(kind: Kind, scope: Scope) -> list[Mapping[str, Any]]:
    """Return the first rows. A page may be empty, where a survey has no responses."""
    rows: list[Mapping[str, Any]] = []
    after = ""
    for _ in range(_SAMPLED_PAGES):
        page = kind.read_page(scope, after, _SAMPLE)
        rows += [row.values for row in page.rows]
        if page.is_last or len(rows) >= _SAMPLE:
            break
        after = page.after
    return rows


def count_unfinished(organization: Organization, now: datetime) -> int:
    """Return how many exports of the organisation wait or are being written."""
    unfinished = Export.objects.filter(organization=organization, finished_at=None, withdrawn_at=None)
    return unfinished.filter(failures__lt=MAX_FAILURES, expires_at__gt=now).count()


def _filter_faults(organization: Organization, kind: Kind, request: ExportRequest) -> Iterator[ExportFault]:
    given: dict[str, Any] = request.filters.to_json()
    for name in given:
        if name not in kind.filters:
            allowed = ", ".join(sorted(kind.filters))
            text = f"Exports of {request.kind} have no filter {name}. They have {allowed}."
            yield ExportFault(f"filters/{name}", "filter_not_allowed", text)
        elif name in _REFERENCES and not _exists(organization, _REFERENCES[name], given[name]):
            noun = str(_REFERENCES[name]._meta.verbose_name)
            yield ExportFault(f"filters/{name}", "not_found", f"There is no such {noun}.")
    if kind.needs_one_of and not kind.needs_one_of & given.keys():
        needed = ", ".join(sorted(kind.needs_one_of))
        yield ExportFault("filters", "filter_missing", f"Give one of {needed}.")
    for place, state in enumerate(request.filters.states):
        if state not in STATES:
            text = f"Unknown state. Use {', '.join(STATES)}."
            yield ExportFault(f"filters/states/{place}", "unknown_state", text)
    if request.filters.channel and request.filters.channel not in Channel.values:
        text = f"channel must be one of {', '.join(Channel.values)}."
        yield ExportFault("filters/channel", "unknown_channel", text)
    since, before = request.filters.since, request.filters.before
    if since is not None and before is not None and since >= before:
        yield ExportFault("filters/before", "no_time_between", "before must be later than since.")


def _exists(organization: Organization, model: type[models.Model], key: str) -> bool:
    return model._default_manager.filter(pk=key, organization=organization).exists()


def _column_faults(kind: Kind, columns: Sequence[str] | None) -> Iterator[ExportFault]:
    if columns is None:
        return
    if not columns:
        yield ExportFault("columns", "no_columns", "Name at least one column, or leave columns out.")
    if len(columns) > MAX_COLUMNS:
        yield ExportFault("columns", "too_many_columns", f"Too many columns: at most {MAX_COLUMNS}.")
    for place, name in enumerate(columns[:MAX_COLUMNS]):
        if find_column(kind.columns, name) is None:
            known = ", ".join(f"{column.name}.…" if column.is_data else column.name for column in kind.columns)
            yield ExportFault(f"columns/{place}", "unknown_column", f"Unknown column. The columns are {known}.")
        elif name in columns[:place]:
            yield ExportFault(f"columns/{place}", "column_given_twice", "This column was given before.")
        elif len(name) > 300:
            yield ExportFault(f"columns/{place}", "too_long", "Too long: at most 300 characters.")
