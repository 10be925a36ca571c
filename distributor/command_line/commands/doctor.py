"""`distributor doctor`: what is wrong, and what to do about it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import click
from django.db import Error as DatabaseError

from contacts.models import Organization
from distributor.command_line.database_faults import first_line
from distributor.command_line.doctor.database import check_clock, check_database
from distributor.command_line.doctor.finding import Finding, Verdict
from distributor.command_line.doctor.installation import check_disks, check_memory, check_settings
from distributor.command_line.doctor.processes import check_beat, check_broker
from distributor.command_line.doctor.providers import check_providers
from distributor.command_line.faults import FAILED
from distributor.command_line.operator import Desk, find_organization, operator_command
from distributor.command_line.output import STYLES

Check = Callable[[], Iterator[Finding]]
# What needs the tables is asked only if they are there.
_ON_THE_DATABASE: Final[Sequence[Check]] = (check_clock, check_settings, check_memory, check_beat)
_ALWAYS: Final[Sequence[Check]] = (check_broker, check_disks)


@click.command(short_help="Check the installation, and say what to do.")
@click.option("--offline", is_flag=True, help="Do not call providers, and do not ask the DNS.")
@operator_command
def doctor(desk: Desk, offline: bool) -> int:
    """Check the database, broker, beat, workers, providers, DNS, clock, settings and disks.

    Each line is ok, warn or fail, with what to do. Exit code 1 if something fails. Nothing is sent: providers are
    asked by a call that only tests the connection.
    """
    findings = []
    for finding in find_all(desk, is_offline=offline):
        findings.append(finding)
        show(desk, finding)
    counts = {verdict.value: sum(each.verdict is verdict for each in findings) for verdict in Verdict}
    rows = [{"what": f.what, "verdict": f.verdict.value, "text": f.text, "remedy": f.remedy} for f in findings]
    desk.output.document({"counts": counts, "findings": rows})
    desk.output.say(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    return FAILED if counts["fail"] else 0


def find_all(desk: Desk, *, is_offline: bool) -> Iterator[Finding]:
    """Yield the findings of every check that can be made. Raises BadUseError, before any, for a wrong organisation."""
    of_database = list(_checked(check_database))
    has_tables = all(finding.verdict is not Verdict.FAIL for finding in of_database)
    organizations = _organizations(desk) if has_tables else []
    yield from of_database
    for check in (*(_ON_THE_DATABASE if has_tables else ()), *_ALWAYS):
        yield from _checked(check)
    if has_tables and not is_offline:
        yield from _checked(lambda: check_providers(organizations))


def show(desk: Desk, finding: Finding) -> None:
    verdict = finding.verdict.value
    desk.output.say(f"{verdict:<5} {finding.what}: {finding.text}", STYLES[verdict] if verdict != "ok" else "")
    if finding.remedy:
        desk.output.say(f"      → {finding.remedy}")


def _checked(check: Check) -> Iterator[Finding]:
    """Yield a check's findings. An error of the database meanwhile is a finding, too."""
    try:
        yield from check()
    except DatabaseError as error:
        text = f"A check could not be made: {first_line(error)}."
        yield Finding.fail("database", text, "Run the command again.")


def _organizations(desk: Desk) -> list[Organization]:
    """Return the organisation that was named, or all."""
    return [find_organization(desk.organization_text)] if desk.organization_text else list(Organization.objects.all())
