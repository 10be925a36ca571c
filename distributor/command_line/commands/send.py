"""`distributor send`: send a survey to a file of people, a list, or a few addresses."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import click
from django.utils import timezone

from contacts.identity import TooManyDataKeysError
from distributor.command_line.faults import FAILED, BadUseError, FaultList
from distributor.command_line.lookups import find_survey
from distributor.command_line.operator import Desk, in_zone_of, operator_command
from distributor.command_line.report import read_report, report_document, show_report
from distributor.command_line.sends.audience import Audience, read_audience
from distributor.command_line.sends.forecast import forecast_document, show_forecast
from distributor.command_line.sends.send_key import send_key
from distributor.command_line.sends.step_options import read_steps
from distributor.command_line.waiting import wait_until_sent
from distributor.control_room.sends.forecast import make_forecast
from distributor.engine.acceptance.references import SenderNotAllowedError, UnknownReferencesError
from distributor.engine.audience.send_once import send_once
from distributor.rules.requests import DistributionRequest

SOURCE = "command line"
ResultT = TypeVar("ResultT")


@click.command(short_help="Send a survey to a file of people, a list or a few addresses.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--list", "list_text", metavar="LIST", help="Send to a list instead of a file: its id or name.")
@click.option("--contact", "addresses", multiple=True, metavar="ADDRESS", help="Send to an e-mail address or a number.")
@click.option("--survey", "survey_text", metavar="SURVEY", required=True, help="The survey's id or name.")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    metavar="CHANNEL[:ACCOUNT[:TEMPLATE]]",
    help="email, sms or whatsapp, with a provider account and a template by id or name; without them the defaults. "
    "Several: each person gets the first on which they have an address.",
)
@click.option("--name", "name", default="", metavar="TEXT", help="The distribution's name; default: the survey's.")
@click.option(
    "--at",
    "at_text",
    metavar="TIME",
    help="Begin then, such as 2026-03-06T09:00 in the organisation's time zone. A past time is now.",
)
@click.option("--dry-run", is_flag=True, help="Say who would get what and when, and send nothing.")
@click.option(
    "--wait", is_flag=True, help="Show the progress until everybody was sent to. Exit code 1 if somebody failed."
)
@click.option("--again", is_flag=True, help="Send although the same file was sent to with the same options before.")
@operator_command
def send(
    desk: Desk,
    file: Path | None,
    list_text: str | None,
    addresses: Sequence[str],
    survey_text: str,
    channels: Sequence[str],
    name: str,
    at_text: str | None,
    dry_run: bool,
    wait: bool,
    again: bool,
) -> int:
    """Send a survey to the people of FILE, of a list, or to a few addresses.

    FILE is a CSV or XLSX file whose first line names the columns (email, phone, first name, external id …) or that has
    addresses alone. Repeating the command sends nothing twice: it finds what it has sent before.
    """
    faults = FaultList()
    organization = desk.organization
    audience = faults.unless_faulty(lambda: read_audience(desk, file, list_text, addresses))
    survey = faults.unless_faulty(lambda: find_survey(desk, survey_text))
    steps = faults.unless_faulty(lambda: read_steps(desk, channels))
    at = faults.unless_faulty(lambda: read_moment(desk, at_text))
    if len(name) > 200:
        faults.add("--name is too long: at most 200 characters.")
    faults.raise_if_any()
    assert audience is not None
    assert survey is not None
    assert steps is not None
    request = DistributionRequest(
        SOURCE, survey.pk, audience.contacts, steps, scheduled_at=at, name=name or survey.name[:200]
    )
    if dry_run:
        return _forecast(desk, request, audience)
    key = uuid4() if again else send_key(organization, audience.content, request, name)
    return _send(desk, replace(request, idempotency_key=key), audience, waits=wait)


def _forecast(desk: Desk, request: DistributionRequest, audience: Audience) -> int:
    forecast = _unless_refused(lambda: make_forecast(desk.organization, request, audience.selection, desk.now, "en"))
    desk.output.document(forecast_document(forecast))
    with in_zone_of(desk):
        show_forecast(desk, forecast)
    return 0


def _send(desk: Desk, request: DistributionRequest, audience: Audience, *, waits: bool) -> int:
    organization, output = desk.organization, desk.output
    row, is_new = _unless_refused(lambda: send_once(organization, request, audience.selection, desk.actor, desk.now))
    if not is_new:
        with in_zone_of(desk):
            sent_at = f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"
        output.say(f"This was sent already, at {sent_at}. Nothing was sent twice; --again sends it anew.", "yellow")
    if waits:
        row = wait_until_sent(desk, row)
    report = read_report(desk, row)
    output.document({"isNew": is_new, **report_document(report)})
    show_report(desk, report)
    return FAILED if waits and report.has_failures else 0


def _unless_refused(call: Callable[[], ResultT]) -> ResultT:
    """Return what the engine's call returns. Raises BadUseError with what the engine refused."""
    try:
        return call()
    except UnknownReferencesError as error:
        facts = (f"The {fault.what} of channel {(fault.step or 0) + 1}" for fault in error.faults)
        codes = (fault.code.replace("_", " ") for fault in error.faults)
        raise BadUseError(*(f"{what}: {code}." for what, code in zip(facts, codes, strict=True))) from None
    except TooManyDataKeysError as error:
        raise BadUseError(*(f"{key} would have more than 200 kinds of data." for key in error.keys)) from None
    except SenderNotAllowedError as error:
        raise BadUseError(*error.faults) from None


def read_moment(desk: Desk, text: str | None) -> datetime | None:
    """Read a time; without a zone it is the organisation's. Raises BadUseError."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadUseError(f"--at {text}: invalid time. Use ISO 8601, for example 2026-03-06T09:00.") from None
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=desk.zone)
