"""`distributor retry`: send again to recipients who were not reached."""

from collections.abc import Sequence

import click
from django.db import transaction

from distributor.command_line.faults import FAILED, CommandError
from distributor.command_line.lookups import find_distribution
from distributor.command_line.operator import Desk, operator_command, user_name
from distributor.command_line.report import (
    explain_groups,
    failure_document,
    read_report,
    report_document,
    show_failures,
    show_report,
)
from distributor.command_line.waiting import wait_until_sent
from distributor.engine.infrastructure.audit import record
from distributor.engine.manual_retry.start import RetryRefusedError, require_retryable, start_retry
from distributor.engine.manual_retry.unreached import count_unreached
from distributor.models import Distribution
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection


@click.command(short_help="Send again to recipients who were not reached.")
@click.argument("distribution")
@click.option(
    "--reason",
    "reasons",
    multiple=True,
    metavar="CODE",
    help="Only recipients who failed for this reason, as `status` shows it.",
)
@click.option("--unknown", is_flag=True, help="Also recipients of unknown outcome. They may get a second copy.")
@click.option("--dry-run", is_flag=True, help="Say who would be sent to again, and send nothing.")
@click.option("--wait", is_flag=True, help="Show the progress until everybody was sent to.")
@operator_command
def retry(desk: Desk, distribution: str, reasons: Sequence[str], unknown: bool, dry_run: bool, wait: bool) -> int:
    """Send again to the recipients of a DISTRIBUTION (id or name) who were not reached.

    They keep their links. Opt-outs, quiet hours and all other rules are judged again. Nobody who waits already, was
    reached or has responded is sent to: repeating the command sends nothing twice.
    """
    row = find_distribution(desk, distribution)
    outcomes = [RetriedOutcome.FAILED, *([RetriedOutcome.INDETERMINATE] if unknown else [])]
    selection = RetrySelection(outcomes=outcomes, reasons=tuple(reasons))
    try:
        require_retryable(row, desk.now)
        groups = explain_groups(desk, count_unreached(row.pk, selection), desk.now)
        if not dry_run and groups:
            _start(desk, row, selection)
    except RetryRefusedError as error:
        raise CommandError(f"Nothing was sent: the distribution is over ({error.reason.value}).") from None
    count = sum(group.recipients for group, _ in groups)
    if wait and groups and not dry_run:
        report = read_report(desk, wait_until_sent(desk, row))
        desk.output.document({"recipients": count, **report_document(report)})
        show_report(desk, report)
        return FAILED if report.has_failures else 0
    failures = [failure_document(group, why) for group, why in groups]
    desk.output.document({"dryRun": dry_run, "id": row.pk, "recipients": count, "groups": failures})
    desk.output.say(_sentence(count, dry_run=dry_run))
    show_failures(desk, groups)
    return 0


def _start(desk: Desk, row: Distribution, selection: RetrySelection) -> None:
    with transaction.atomic():
        start_retry(row.pk, selection, f"command line {user_name()}"[:63], desk.now)
        record(desk.actor, "retried", row)


def _sentence(count: int, *, dry_run: bool) -> str:
    if not count:
        return "There is nobody to send to again."
    return f"{count} would be sent to again." if dry_run else f"Sending again to {count}."
