"""`distributor export`: rows as a CSV, XLSX or NDJSON file."""

from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Final

import click

from distributor.command_line.faults import BadUseError, CommandError
from distributor.command_line.lookups import find_distribution, find_list, find_survey
from distributor.command_line.operator import Desk, operator_command, user_name
from distributor.command_line.output_file import open_output_file
from distributor.engine.exports.download import FileGoneError, read_file
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.start import (
    MAX_UNFINISHED,
    ExportRefusedError,
    ExportRequest,
    TooManyExportsError,
    start_export,
)
from distributor.models import Export
from distributor.models.export import ExportFormat, ExportKind
from distributor.rules.exports import ExportState

POLL_SECONDS: Final = 0.5
_UNFINISHED: Final = (ExportState.QUEUED, ExportState.RUNNING)


@click.command(short_help="Write recipients, responses, contacts and more into a file.")
@click.argument("kind", type=click.Choice(ExportKind.values))
@click.option("--to", "path", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(ExportFormat.values),
    help="Without it, the file's name decides; csv if it does not.",
)
@click.option("--distribution", metavar="NAME", help="Only of this distribution (id or name).")
@click.option("--survey", metavar="NAME", help="Only of this survey (id or name).")
@click.option("--list", "list_text", metavar="NAME", help="Only people on this list (id or name).")
@click.option("--channel", help="Only of this channel: email, sms or whatsapp.")
@click.option("--state", "states", multiple=True, help="Only recipients in this state, such as failed.")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="Only these columns. Without it, all.")
@operator_command
def export(
    desk: Desk,
    kind: str,
    path: Path,
    file_format: str | None,
    distribution: str | None,
    survey: str | None,
    list_text: str | None,
    channel: str | None,
    states: Sequence[str],
    columns: Sequence[str],
) -> int:
    """Write rows of a KIND into a file. Workers make it; the command waits and fetches it."""
    filters = ExportFilters(
        distribution_id=find_distribution(desk, distribution).pk if distribution else None,
        survey_id=find_survey(desk, survey).pk if survey else None,
        list_id=find_list(desk, list_text).pk if list_text else None,
        channel=channel,
        states=tuple(states),
    )
    suffix = path.suffix.removeprefix(".").lower()
    chosen = file_format or (suffix if suffix in ExportFormat.values else ExportFormat.CSV.value)
    with open_output_file(path) as write:
        row = _wait(desk, _start(desk, ExportRequest(kind, chosen, filters, list(columns) or None)))
        try:
            write(read_file(row))
        except FileGoneError:
            raise CommandError("The export was deleted while it was fetched. Start another one.") from None
    desk.output.document({"id": row.pk, "kind": kind, "format": chosen, "rows": row.row_count, "file": str(path)})
    desk.output.say(f"{row.row_count} rows were written to {path}.")
    return 0


def _start(desk: Desk, request: ExportRequest) -> Export:
    try:
        return start_export(desk.organization, request, desk.actor, f"command line {user_name()}", desk.now)
    except ExportRefusedError as error:
        raise BadUseError(*(f"{fault.place}: {fault.text}" for fault in error.faults)) from None
    except TooManyExportsError:
        raise CommandError(f"{MAX_UNFINISHED} exports are not finished yet. Wait for them.") from None


def _wait(desk: Desk, row: Export) -> Export:
    """Show how many rows are written until all are."""
    try:
        with desk.output.progress() as line:
            while (state := row.state_at(desk.now)) in _UNFINISHED:
                line.show(row.row_count, 0, "rows are written")
                sleep(POLL_SECONDS)
                row.refresh_from_db()
    except KeyboardInterrupt:
        raise CommandError("Waiting was stopped; the export goes on, and is in the control room.") from None
    if state is not ExportState.READY:
        raise CommandError(f"The export is {state.value}. Start another one.")
    return row
