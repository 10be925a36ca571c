"""`manage.py setup`: what a new installation needs before its first call."""

import os
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Model
from django.utils.text import slugify

from channels.models import Template
from channels.starting_texts import sender_of, starting_texts
from channels.templates import create_template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Organization
from contacts.models.api_key import ApiKey, Scope
from distributor.models import Survey

RowT = TypeVar("RowT", bound=Model)
# Each question, its environment variable, and the answer if nobody gives one ("": one must be given).
QUESTIONS = {
    "organization": ("Name of the organisation that sends surveys", "SETUP_ORGANIZATION", ""),
    "time_zone": ("Its time zone", "SETUP_TIME_ZONE", "UTC"),
    "survey": ("Name of its first survey", "SETUP_SURVEY", "Satisfaction"),
    "admin_user": ("User name of the first administrator", "SETUP_ADMIN_USER", "admin"),
    "admin_password": ("Password", "SETUP_ADMIN_PASSWORD", ""),
}


class Command(BaseCommand):
    """Makes the first superuser, organisation, API key, survey and templates, each only if there is none.

    Answers come from the environment (SETUP_…, or SETUP_…_FILE for a file with the value), else from the terminal.
    Running it again is harmless. Provider accounts are entered in the admin, because they need credentials.
    """

    help = "Create the first administrator, organisation, API key, survey and templates, unless they exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-input", action="store_true", help="Take everything from the environment.")

    def handle(self, *_: Any, no_input: bool, **options: Any) -> None:
        ask = answer_from_environment if no_input else answer_from_terminal
        try:
            with transaction.atomic():
                self._set_up(ask)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from None

    def _set_up(self, ask: Callable[[str], str]) -> None:
        organization = Organization.objects.order_by("created_at").first() or make_organization(ask)
        self._tell("organisation", organization.name)
        survey = Survey.objects.filter(organization=organization).order_by("created_at").first() or checked(
            Survey(organization=organization, name=ask("survey"))
        )
        self._tell("survey", f"{survey.name} ({survey.pk})")
        for channel in Channel:
            make_template(organization, channel)
        self._tell("templates", ", ".join(Channel.labels))
        if not get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
            user = make_administrator(ask)
            self._tell("administrator", user.get_username())
        if not ApiKey.objects.filter(organization=organization).exists():
            _, key = create_api_key(organization, "First key", Scope.values)
            self._tell("API key", f"{key}\n  It is shown this once. Give it to the backend that makes the calls.")
        address = f"{settings.PUBLIC_BASE_URL}/admin/channels/provideraccount/add/"
        self.stdout.write(f"Next: enter a provider account at {address}")

    def _tell(self, what: str, value: str) -> None:
        self.stdout.write(f"{what}: {value}")


def answer_from_environment(question: str) -> str:
    """Return the answer from SETUP_…, or from the file that SETUP_…_FILE names, or the default."""
    text, variable, default = QUESTIONS[question]
    if file := os.environ.get(f"{variable}_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    answer = os.environ.get(variable) or default
    if not answer:
        raise CommandError(f"{text}: set {variable}, or run the command without --no-input.")
    return answer


def answer_from_terminal(question: str) -> str:
    """Return the answer from the environment if it is there, otherwise ask for it."""
    text, variable, default = QUESTIONS[question]
    if os.environ.get(variable) or os.environ.get(f"{variable}_FILE"):
        return answer_from_environment(question)
    read = getpass if question == "admin_password" else input
    while True:
        if answer := read(f"{text}{f' [{default}]' if default else ''}: ").strip() or default:
            return answer


def make_organization(ask: Callable[[str], str]) -> Organization:
    name = ask("organization")
    slug = slugify(name)[:63].strip("-") or "organization"
    return checked(Organization(name=name, slug=slug, time_zone=ask("time_zone")))


def make_administrator(ask: Callable[[str], str]) -> AbstractUser:
    user = get_user_model()(username=ask("admin_user"), is_staff=True, is_superuser=True)
    password = ask("admin_password")
    validate_password(password, user)
    user.set_password(password)
    return checked(user)


def make_template(organization: Organization, channel: Channel) -> None:
    if Template.objects.filter(organization=organization, channel=channel).exists():
        return
    texts = {"en": starting_texts(channel, "en", sender_of(organization))}
    create_template(organization, f"Invitation by {channel.label}", channel, texts, saved_by="setup", is_default=True)


def checked(row: RowT) -> RowT:
    """Store a valid row. Raises ValidationError."""
    row.full_clean()
    row.save()
    return row
