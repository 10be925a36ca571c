"""`manage.py seed_demo`: create a demo organisation. Idempotent: running it again changes nothing."""

import json
import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.api_keys import create_api_key, find_api_key, mint_key
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.models import ConnectionStep, ListConnection, Survey

# The list name in the recipient-add reference's example, so that the example works as printed.
CONNECTED_LIST = "sample string 1"
EMAIL_HTML = """\
<p>{greeting} ${{contact:firstName|{fallback_name}}},</p>
<p>${{intro|{request}}}</p>
<p><a href="${{link}}" style="display:inline-block;padding:12px 20px;background:#1f5fbf;color:#fff;\
border-radius:6px;text-decoration:none">{button}</a></p>
<p style="color:#666;font-size:13px">{footer} <a href="${{unsubscribe}}">{unsubscribe}</a></p>
"""
EMAIL_TEXT = """\
{greeting} ${{contact:firstName|{fallback_name}}},

${{intro|{request}}}

${{link}}

{footer} ${{unsubscribe}}
"""
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
    """Prints one JSON object with IDs, the API key and the admin login."""

    help = "Create the demo organisation unless it exists, and print its IDs, API key and admin login as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--api-key", default=os.environ.get("DEMO_API_KEY") or mint_key())
        parser.add_argument("--admin-password", default=os.environ.get("DEMO_ADMIN_PASSWORD") or "admin")

    def handle(self, *_: Any, api_key: str, admin_password: str, **options: Any) -> None:
        with transaction.atomic():
            organization, _created = Organization.objects.get_or_create(
                slug="demo", defaults={"name": "Demo Clinic", "time_zone": "Europe/Warsaw", "phone_region": "PL"}
            )
            survey, _created = Survey.objects.get_or_create(
                organization=organization, name="Patient satisfaction", defaults={"default_locale": "en"}
            )
            credentials_and_ids = {
                "apiKey": seed_api_key(organization, api_key),
                "adminUser": seed_admin(admin_password),
                "adminPassword": admin_password,
                "surveyId": str(survey.id),
                "providers": {channel.value: str(seed_provider(organization, channel).id) for channel in Channel},
                "templates": {channel.value: str(seed_template(organization, channel).id) for channel in Channel},
            }
            seed_connected_list(organization, survey)
        self.stdout.write(json.dumps(credentials_and_ids))


def seed_api_key(organization: Organization, key: str) -> str:
    if find_api_key(key, database_now()) is None:
        create_api_key(organization, "Demo", Scope.values, key=key)
    return key


def seed_admin(password: str) -> str:
    user, is_new = get_user_model().objects.get_or_create(
        username="admin", defaults={"is_staff": True, "is_superuser": True}
    )
    if is_new or not user.check_password(password):
        user.set_password(password)
        user.save()
    return user.get_username()


def seed_provider(organization: Organization, channel: Channel) -> ProviderAccount:
    account, _created = ProviderAccount.objects.get_or_create(
        organization=organization,
        channel=channel,
        kind="sandbox",
        defaults={
            "name": f"Sandbox {channel.label}",
            "from_name": "Demo Clinic",
            "from_email": "surveys@demo-clinic.example" if channel == Channel.EMAIL else "",
            "is_default": True,
        },
    )
    return account


def seed_template(organization: Organization, channel: Channel) -> Template:
    template, is_new = Template.objects.get_or_create(
        organization=organization,
        channel=channel,
        name=f"Invitation by {channel.label}",
        defaults={"is_default": True},
    )
    if is_new:
        TemplateVariant.objects.bulk_create(invitation(template, locale) for locale in SHORT_TEXTS)
    return template


def seed_connected_list(organization: Organization, survey: Survey) -> None:
    """Connect a list to the survey: people added to it are invited by SMS, or by e-mail if they have no number."""
    if ListConnection.objects.filter(mailing_list__organization=organization).exists():
        return
    mailing_list = MailingList.objects.create(organization=organization, name=CONNECTED_LIST)
    connection = ListConnection.objects.create(mailing_list=mailing_list, survey=survey)
    ConnectionStep.objects.bulk_create(
        ConnectionStep(
            connection=connection,
            priority=priority,
            provider_account=seed_provider(organization, channel),
            template=seed_template(organization, channel),
        )
        for priority, channel in enumerate((Channel.SMS, Channel.EMAIL), start=1)
    )


def invitation(template: Template, locale: str) -> TemplateVariant:
    """Build the demo invitation for the template's channel in one language."""
    if template.channel != Channel.EMAIL:
        return TemplateVariant(template=template, locale=locale, text=SHORT_TEXTS[locale])
    phrases = EMAIL_PHRASES[locale]
    return TemplateVariant(
        template=template,
        locale=locale,
        subject=phrases["subject"],
        html=EMAIL_HTML.format(**phrases),
        text=EMAIL_TEXT.format(**phrases),
    )
