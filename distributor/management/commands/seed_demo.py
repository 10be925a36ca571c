"""`manage.py seed_demo`: create a demo organisation. Idempotent: running it again changes nothing."""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from channels.models import ProviderAccount, Template
from channels.starting_texts import sender_of, starting_texts
from channels.templates import create_template
from contacts.api_keys import create_api_key, key_prefix, mint_key
from contacts.channel import Channel
from contacts.contact_changes import save_contact
from contacts.list_members import change_members
from contacts.models import Branding, Contact, MailingList, Organization
from contacts.models.api_key import ApiKey, Scope
from contacts.models.suppression import SuppressionReason
from contacts.suppressions import suppress_address
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import find_installation
from distributor.models import ConnectionStep, Installation, ListConnection, Survey

ADMIN_NAME = "admin"
# The list name in the recipient-add reference's example, so that the example works as printed.
CONNECTED_LIST = "sample string 1"
SAMPLE_LIST = "Ward B"
PHRASES = {
    "en": {
        "subject": "How was your visit at ${contact:department|our clinic}?",
        "preheader": "One question: how did we do?",
        "request": "it takes a minute to tell us how we did. Your answer goes to the people who looked after you.",
        "reason": "You get this e-mail because you were our patient.",
        "short": "how did we do, ${contact:firstName|there}? ${link} Reply STOP to opt out.",
    },
    "pl": {
        "subject": "Jak przebiegła wizyta? ${contact:department|Nasza przychodnia}",
        "preheader": "Jedno pytanie: jak sobie poradziliśmy?",
        "request": "prosimy o minutę: jak sobie poradziliśmy? Odpowiedź trafi do osób, które się Państwem opiekowały.",
        "reason": "Otrzymują Państwo tę wiadomość po wizycie u nas.",
        "short": "jak nam poszlo, ${contact:firstName|prosimy o ocene}? ${link} STOP konczy ankiety.",
    },
}
POSTAL_ADDRESS = "1 Example Street, 00-001 Warsaw"


class Command(BaseCommand):
    """Prints one JSON object with IDs, the API key and the admin login.

    What was made is remembered by id (`Installation.demo`) and never looked up by name or made again, whatever was
    renamed, copied or deleted meanwhile. A new API key or password, as of a new data folder, is stored once.
    """

    help = "Create the demo organisation unless it was created before, and print IDs, API key and admin login as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--api-key", default=os.environ.get("DEMO_API_KEY") or mint_key())
        parser.add_argument("--admin-password", default=os.environ.get("DEMO_ADMIN_PASSWORD") or "admin")

    def handle(self, *_: Any, api_key: str, admin_password: str, **options: Any) -> None:
        with transaction.atomic():
            # Locked: of two commands at once, the second finds what the first has made.
            installation = Installation.objects.select_for_update().get(pk=find_installation().pk)
            demo = installation.demo or seed_rows()
            # The hash does not reveal the password: it also covers the API key, which has 166 random bits.
            keys = hashlib.sha256(f"{api_key}\0{admin_password}".encode()).hexdigest()
            if demo["keys"] != keys:
                seed_api_key(demo["organizationId"], api_key)
                seed_admin(admin_password)
            installation.demo = {**demo, "keys": keys}
            installation.save(update_fields=["demo"])
        shown = {name: demo[name] for name in ("surveyId", "providers", "templates")}
        login = {"apiKey": api_key, "adminUser": ADMIN_NAME, "adminPassword": admin_password}
        self.stdout.write(json.dumps(login | shown))


def seed_rows() -> dict[str, Any]:
    """Make the demo organisation and return its ids, and no `keys` yet.

    Rows that it has are taken instead of new ones: they are of a version that did not remember the ids.
    """
    organization, _created = Organization.objects.get_or_create(
        slug="demo", defaults={"name": "Demo Clinic", "time_zone": "Europe/Warsaw", "phone_region": "PL"}
    )
    Branding.objects.get_or_create(organization=organization, defaults={"postal_address": POSTAL_ADDRESS})
    survey = Survey.objects.filter(organization=organization).order_by("pk").first() or Survey.objects.create(
        organization=organization, name="Patient satisfaction", default_locale="en"
    )
    accounts = {channel: seed_provider(organization, channel) for channel in Channel}
    templates = {channel: seed_template(organization, channel) for channel in Channel}
    seed_connected_list(survey, accounts, templates)
    seed_sample_people(organization)
    return {
        "organizationId": str(organization.pk),
        "surveyId": str(survey.pk),
        "providers": {channel.value: str(account.pk) for channel, account in accounts.items()},
        "templates": {channel.value: str(template.pk) for channel, template in templates.items()},
        "keys": "",
    }


def seed_api_key(organization_id: str, key: str) -> None:
    """Store the key, unless it was stored before (it may be revoked) or the organisation was deleted."""
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is not None and not ApiKey.objects.filter(prefix=key_prefix(key)).exists():
        create_api_key(organization, "Demo", Scope.values, key=key)


def seed_admin(password: str) -> None:
    user, is_new = get_user_model().objects.get_or_create(
        username=ADMIN_NAME, defaults={"is_staff": True, "is_superuser": True}
    )
    if is_new or not user.check_password(password):
        user.set_password(password)
        user.save()


def seed_provider(organization: Organization, channel: Channel) -> ProviderAccount:
    accounts = ProviderAccount.objects.filter(organization=organization, channel=channel)
    return accounts.filter(kind="sandbox").order_by("pk").first() or ProviderAccount.objects.create(
        organization=organization,
        channel=channel,
        kind="sandbox",
        name=f"Sandbox {channel.label}",
        from_name="Demo Clinic",
        from_email="surveys@demo-clinic.example" if channel == Channel.EMAIL else "",
        is_default=not accounts.filter(is_default=True).exists(),
    )


def seed_template(organization: Organization, channel: Channel) -> Template:
    templates = Template.objects.filter(organization=organization, channel=channel)
    if (found := templates.order_by("pk").first()) is not None:
        return found
    sender = sender_of(organization)
    texts = {locale: starting_texts(channel, locale, sender, phrases) for locale, phrases in PHRASES.items()}
    return create_template(
        organization, f"Invitation by {channel.label}", channel, texts, saved_by="demo", is_default=True
    )


def seed_sample_people(organization: Organization) -> None:
    """Make a contact on a list, and a suppression: what the examples of the API reference name.

    Nothing is sent: the first steps of the control room are for an organisation that has not sent anything yet.
    """
    if Contact.objects.filter(organization=organization).exists():
        return
    sample = {"external_id": "PAT-1", "email": "ann@example.com", "first_name": "Ann"}
    contact, _is_new = save_contact(organization.pk, sample, database_now())
    mailing_list = MailingList.objects.create(organization=organization, name=SAMPLE_LIST)
    change_members(mailing_list, [contact.pk], [])
    suppress_address(organization.pk, Channel.EMAIL, "gone@example.com", SuppressionReason.MANUAL, source="")


def seed_connected_list(
    survey: Survey, accounts: Mapping[Channel, ProviderAccount], templates: Mapping[Channel, Template]
) -> None:
    """Connect a list to the survey: people added to it are invited by SMS, or by e-mail if they have no number."""
    if ListConnection.objects.filter(mailing_list__organization=survey.organization).exists():
        return
    mailing_list = MailingList.objects.create(organization=survey.organization, name=CONNECTED_LIST)
    connection = ListConnection.objects.create(mailing_list=mailing_list, survey=survey)
    ConnectionStep.objects.bulk_create(
        ConnectionStep(
            connection=connection,
            priority=priority,
            provider_account=accounts[channel],
            template=templates[channel],
        )
        for priority, channel in enumerate((Channel.SMS, Channel.EMAIL), start=1)
    )
