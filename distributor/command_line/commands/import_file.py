"""`distributor import`: bring contacts in from a CSV or XLSX file."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from time import sleep
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

import click

from distributor.command_line.faults import FAILED, BadUseError, CommandError
from distributor.command_line.lookups import find_list
from distributor.command_line.operator import Desk, operator_command, user_name
from distributor.command_line.output_file import open_output_file
from distributor.engine.imports.columns import DATA, FIELDS
from distributor.engine.imports.error_file import error_file
from distributor.engine.imports.finish import faults_of
from distributor.engine.imports.start import ImportOptions, StoredUpload, start_import_once
from distributor.models import FileImport
from distributor.models.file_import import ExistingContacts, FaultyRows, ImportState, UnknownColumns
from tables.reading.limits import MAX_FILE_BYTES

POLL_SECONDS: Final = 0.5
_COUNTS: Final = ("row_count", "new_count", "updated_count", "skipped_count", "faulty_count")


@click.command("import", short_help="Bring contacts in from a CSV or XLSX file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--list", "list_text", metavar="LIST", help="Put the people on this list (id or name).")
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column means, such as Handy=phone. Nothing after the = leaves it out. Others go by their names.",
)
@click.option(
    "--existing",
    type=click.Choice(ExistingContacts.values),
    default="update",
    show_default=True,
    help="update contacts that are there, or skip them.",
)
@click.option(
    "--on-fault",
    type=click.Choice(FaultyRows.values),
    default="refuse",
    show_default=True,
    help="refuse: import nothing if a row is faulty. skip: import the other rows.",
)
@click.option("--ignore-unknown", is_flag=True, help="Leave columns with unknown names out.")
@click.option("--errors", type=click.Path(path_type=Path), help="Write the faulty rows into this CSV file.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, and write nothing.")
@click.option("--again", is_flag=True, help="Import the file although the same command has done so.")
@operator_command
def import_file(
    desk: Desk,
    file: Path,
    list_text: str | None,
    mapped: Sequence[str],
    existing: str,
    on_fault: str,
    ignore_unknown: bool,
    errors: Path | None,
    dry_run: bool,
    again: bool,
) -> int:
    """Import the people of FILE, and say what became of its rows.

    Workers do it in pieces. The command only waits: if it is stopped, they go on, and the same command shows the same
    import.
    """
    options = ImportOptions(
        mapping=_read_mapping(mapped),
        existing=ExistingContacts(existing),
        on_fault=FaultyRows(on_fault),
        unknown_columns=UnknownColumns.IGNORE if ignore_unknown else UnknownColumns.DATA,
        is_dry_run=dry_run,
        list_id=find_list(desk, list_text).pk if list_text else None,
    )
    with ExitStack() as stack:
        write_errors = stack.enter_context(open_output_file(errors)) if errors is not None else None
        row = _wait(desk, _start(desk, file, options, again=again))
        if write_errors is not None and row.faulty_count:
            write_errors(error_file(row))
    desk.output.document({"id": row.pk, "state": row.state, **_counts(row), "fault": row.fault, "dryRun": dry_run})
    desk.output.say(_sentence(row), "" if row.state is ImportState.DONE else "bold red")
    return 0 if row.state is ImportState.DONE else FAILED


def _read_mapping(mapped: Sequence[str]) -> Mapping[str, str | None]:
    """Return fields by columns. Raises BadUseError with every fault."""
    mapping: dict[str, str | None] = {}
    faults = []
    for text in mapped:
        column, sign, field = text.rpartition("=")
        if not sign or (field and field not in FIELDS and not field.startswith(DATA)):
            faults.append(f"--map {text}: write COLUMN=FIELD with one of: {', '.join(FIELDS)}, or {DATA}KEY.")
        mapping[column] = field or None
    if faults:
        raise BadUseError(*faults)
    return mapping


def _start(desk: Desk, path: Path, options: ImportOptions, *, again: bool) -> FileImport:
    try:
        with path.open("rb") as file:
            size_bytes, sha256 = _measure(file)
            if size_bytes > MAX_FILE_BYTES:
                raise BadUseError(f"{path} is too long: at most {MAX_FILE_BYTES // 1_000_000} MB.")
            import_id = uuid4() if again else _id_of(desk.organization.pk, sha256, options)
            upload = StoredUpload(file, size_bytes, sha256, path.name)
            source = f"command line {user_name()}"
            row, is_new = start_import_once(desk.organization, source, upload, options, desk.now, import_id, desk.actor)
    except OSError as error:
        raise BadUseError(f"{path} cannot be read: {error.strerror}.") from None
    if not is_new and row.state is ImportState.CANCELLED:
        raise CommandError("That import was cancelled. --again imports it anew.")
    return row


def _measure(file: BufferedReader) -> tuple[int, str]:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = file.tell()
    file.seek(0)
    return size_bytes, digest


def _id_of(organization_id: UUID, sha256: str, options: ImportOptions) -> UUID:
    """Return the same id for the same file and options, so that a command that was killed can be repeated."""
    return uuid5(
        organization_id, repr((sha256, sorted((options.mapping or {}).items()), replace(options, mapping=None)))
    )


def _wait(desk: Desk, row: FileImport) -> FileImport:
    try:
        with desk.output.progress() as line:
            while not row.is_over:
                line.show(row.done_count, row.row_count, row.state.value)
                sleep(POLL_SECONDS)
                row.refresh_from_db()
    except KeyboardInterrupt:
        raise CommandError("Waiting was stopped; the import goes on. The same command shows it again.") from None
    return row


def _counts(row: FileImport) -> dict[str, Any]:
    return {name.removesuffix("_count"): getattr(row, name) for name in _COUNTS}


def _sentence(row: FileImport) -> str:
    counts = _counts(row)
    told = ", ".join(f"{counts[name]} {name}" for name in ("new", "updated", "skipped", "faulty") if counts[name])
    rows = f"{row.row_count} rows: {told or 'nothing to do'}."
    if faults := faults_of(row):
        return f"Nothing was imported. {' '.join(map(str, faults))} {rows}"
    return f"Nothing was written. {rows}" if row.is_dry_run else rows
