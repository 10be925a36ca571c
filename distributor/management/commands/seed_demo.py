"""`manage.py seed_demo`: create a demo organisation. Idempotent: running it again changes nothing."""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import create_api_key, key_prefix, mint_key
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from contacts.models.api_key import ApiKey, Scope
from distributor.engine.infrastructure.installation import find_installation
from distributor.management.starting_texts import make_variant
from distributor.models import ConnectionStep, Installation, ListConnection, Survey

ADMIN_NAME = "admin"
# The list name in the recipient-add reference's example, so that the example works as printed.
CONNECTED_LIST = "sample string 1"
EMAIL_PHRASES = {
    "en": {
        "subject": "How was your visit at ${contact:department|our clinic}?",
        "greeting": "Hello",
        "fallback_name": "there",
        "request": "it takes a minute to tell us how we did. Your answer goes to the people who looked after you.",
        "button": "Answer one question",
        "footer": "No more surveys?",
        "unsubscribe": "Unsubscribe",
    },
    "pl": {
        "subject": "Jak przebiegła wizyta? ${contact:department|Nasza przychodnia}",
        "greeting": "Dzień dobry",
        "fallback_name": "Państwu",
        "request": "prosimy o minutę: jak sobie poradziliśmy? Odpowiedź trafi do osób, które się Państwem opiekowały.",
        "button": "Odpowiedz na jedno pytanie",
        "footer": "Nie chcesz więcej ankiet?",
        "unsubscribe": "Wypisz się",
    },
}
SHORT_TEXTS = {
    "en": "Demo Clinic: how did we do, ${contact:firstName|there}? ${link} Reply STOP to opt out.",
    "pl": "Demo Clinic: jak nam poszlo, ${contact:firstName|prosimy o ocene}? ${link} STOP konczy ankiety.",
}


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
    survey = Survey.objects.filter(organization=organization).order_by("pk").first() or Survey.objects.create(
        organization=organization, name="Patient satisfaction", default_locale="en"
    )
    accounts = {channel: seed_provider(organization, channel) for channel in Channel}
    templates = {channel: seed_template(organization, channel) for channel in Channel}
    seed_connected_list(survey, accounts, templates)
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
    template = Template.objects.create(
        organization=organization, channel=channel, name=f"Invitation by {channel.label}", is_default=True
    )
    TemplateVariant.objects.bulk_create(
        make_variant(template, locale, EMAIL_PHRASES[locale], SHORT_TEXTS[locale]) for locale in SHORT_TEXTS
    )
    return template


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
