"""`distributor pause`, `resume` and `cancel`."""

import sys
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import click
from django.db import transaction

from distributor.command_line.faults import BadUseError, CommandError
from distributor.command_line.lookups import find_distribution
from distributor.command_line.operator import Desk, operator_command
from distributor.command_line.report import read_report, report_document
from distributor.engine import control
from distributor.engine.infrastructure.audit import record
from distributor.models import Distribution

Change = Callable[[UUID, datetime], Distribution]


@click.command(short_help="Let nothing leave until it is resumed.")
@click.argument("distribution")
@operator_command
def pause(desk: Desk, distribution: str) -> None:
    """Let nothing of a DISTRIBUTION (id or name) leave until it is resumed. Its links stay open."""
    _change(desk, find_distribution(desk, distribution), control.pause, "paused")


@click.command(short_help="Continue a paused distribution.")
@click.argument("distribution")
@operator_command
def resume(desk: Desk, distribution: str) -> None:
    """Continue a paused DISTRIBUTION (id or name). What came due meanwhile leaves now."""
    _change(desk, find_distribution(desk, distribution), control.resume, "resumed")


@click.command(short_help="End a distribution for good.")
@click.argument("distribution")
@click.option("--yes", is_flag=True, help="Do not ask.")
@operator_command
def cancel(desk: Desk, distribution: str, yes: bool) -> None:
    """End a DISTRIBUTION (id or name) for good: nothing more is sent, and its links are closed."""
    row = find_distribution(desk, distribution)
    if not yes:
        if not sys.stdin.isatty():
            raise BadUseError("A cancel is for good. Add --yes.")
        question = f"Cancel {row.name or row.survey.name}? {row.waiting_count} wait, and its links are closed for good."
        if not click.confirm(question, err=True):
            raise CommandError("Nothing was changed.")
    _change(desk, row, control.cancel, "cancelled")


def _change(desk: Desk, row: Distribution, change: Change, action: str) -> None:
    try:
        with transaction.atomic():
            change(row.pk, desk.now)
            record(desk.actor, action, row)
    except control.DistributionOverError as error:
        raise CommandError(f"Nothing was changed: the distribution is {error.status.value}.") from None
    row.refresh_from_db()
    report = read_report(desk, row)
    desk.output.document(report_document(report))
    desk.output.say(f"{row.name or row.survey.name}: {report.sentence}")
