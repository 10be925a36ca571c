"""`distributor status`: what runs, or how one distribution stands."""

from typing import Any, Final

import click
from django.db.models import Q

from distributor.command_line.lookups import find_distribution
from distributor.command_line.operator import Desk, operator_command
from distributor.command_line.report import LABELS, read_report, report_document, show_report
from distributor.command_line.standing import Told, tell_standings
from distributor.models import Batch, Distribution
from distributor.models.batch import BatchState

SHOWN: Final = 50
LATEST: Final = 5


@click.command(short_help="Show what is being sent, or how one distribution stands.")
@click.argument("distribution", required=False)
@operator_command
def status(desk: Desk, distribution: str | None) -> None:
    """Show what is being sent, or how one DISTRIBUTION stands (its id or name).

    One is shown with its counts, who was left out and why, and who was not reached, in the provider's words.
    """
    if distribution is not None:
        report = read_report(desk, find_distribution(desk, distribution))
        desk.output.document(report_document(report))
        show_report(desk, report)
        return
    running = _running(desk)
    rows = running or list(_rows(desk)[:LATEST])
    told = tell_standings(desk, rows)
    documents = [_document(row, told[row.pk]) for row in rows]
    desk.output.document({"isRunning": bool(running), "distributions": documents})
    if not running:
        desk.output.say("Nothing is being sent." + (" The latest were:" if rows else ""))
    columns = ("id", "name", *(LABELS[name] for name in ("reached", "failed", "waiting")), "")
    shown = [[each["id"], each["name"], *_counts(each), each["sentence"]] for each in documents]
    desk.output.table(columns, shown)


def _rows(desk: Desk) -> Any:
    rows = Distribution.objects.filter(organization=desk.organization, deleted_at=None)
    return rows.select_related("survey", "organization").order_by("-pk")


def _running(desk: Desk) -> list[Distribution]:
    """Return the newest distributions with work to do."""
    states = (BatchState.WAITING, BatchState.PAUSED)
    batches = Batch.objects.filter(organization_id=desk.organization.pk, state__in=states)
    is_working = Q(is_preparing=True) | Q(pk__in=batches.values("distribution_id"))
    return list(_rows(desk).filter(is_working, cancelled_at=None)[:SHOWN])


def _document(row: Distribution, told: Told) -> dict[str, Any]:
    values = {"id": row.pk, "name": row.name or row.survey.name, "standing": told.word}
    return {**values, "sentence": told.sentence, "counts": row.progress}


def _counts(document: dict[str, Any]) -> list[int]:
    counts = document["counts"]
    return [counts["reached"], counts["failed"] + counts["indeterminate"], counts["waiting"]]
