"""What every command has: an organisation, the time, the operator, and how it prints; and its common options."""

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.utils import timezone, translation

from contacts.models import Organization
from distributor.command_line.database_faults import explain_database_error
from distributor.command_line.faults import BAD_USE, FAILED, BadUseError, CommandError
from distributor.command_line.output import Output, show_faults
from distributor.engine.infrastructure.audit import Actor
from distributor.engine.infrastructure.clock import database_now
from distributor.models.audit_entry import ActorKind
from distributor.rules.timing.time_zones import zone_named

OptionsT = ParamSpec("OptionsT")


@dataclass
class Desk:
    """Where an operator's command is carried out. The organisation is looked up when it is first needed."""

    output: Output
    organization_text: str | None

    @cached_property
    def organization(self) -> Organization:
        """The organisation that was named, or the only one. Raises BadUseError."""
        return find_organization(self.organization_text)

    @cached_property
    def zone(self) -> ZoneInfo:
        return zone_named(self.organization.time_zone)

    @property
    def now(self) -> datetime:
        return database_now()

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.COMMAND_LINE, name=user_name())


def user_name() -> str:
    """Return the name of the operating system's user; its number if it has none, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def find_organization(text: str | None) -> Organization:
    """Find an organisation by slug, id or name; without a text the only one. Raises BadUseError."""
    rows = list(Organization.objects.order_by("name", "pk")[:101])
    if text is None:
        if len(rows) == 1:
            return rows[0]
        if not rows:
            raise BadUseError("There is no organisation yet. Run `python manage.py setup`.")
        raise BadUseError(f"There are several organisations. Add --organization with one of: {_slugs(rows)}.")
    found = Organization.objects.filter(pk=text) if _is_id(text) else Organization.objects.filter(slug=text)
    named = list(found) or list(Organization.objects.filter(name__iexact=text)[:2])
    if len(named) == 1:
        return named[0]
    problem = "Several organisations are called" if named else "There is no organisation"
    raise BadUseError(f"{problem} “{text}”. Choose one of: {_slugs(rows)}.")


def operator_command(run: Callable[Concatenate[Desk, OptionsT], int | None]) -> Callable[..., None]:
    """Decorate a command: it gets a desk, the options `--organization` and `--json`, and its faults are shown.

    The command returns its exit code; None is 0.
    """

    @click.option("--organization", "organization", metavar="NAME", help="Slug, id or name; only needed with several.")
    @click.option("--json", "is_json", is_flag=True, help="Print one JSON document.")
    @wraps(run)
    def start(*args: Any, organization: str | None, is_json: bool, **options: Any) -> None:
        desk = Desk(Output(is_json=is_json), organization)
        try:
            with translation.override("en"):
                code = run(desk, *args, **options)
        except CommandError as error:
            show_faults(error.faults, is_json=is_json)
            code = error.exit_code
        except ImproperlyConfigured as error:
            show_faults([f"A setting is wrong: {error}"], is_json=is_json)
            code = BAD_USE
        except DatabaseError as error:
            text = explain_database_error(error)
            if text is None:
                raise
            show_faults([text], is_json=is_json)
            code = FAILED
        if code:
            raise click.exceptions.Exit(code)

    return start


def in_zone_of(desk: Desk) -> Any:
    """Return a context in which times are the organisation's."""
    return timezone.override(desk.zone)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _slugs(rows: list[Organization]) -> str:
    shown = ", ".join(row.slug for row in rows[:100])
    return f"{shown}, …" if len(rows) > 100 else shown
