"""Provider accounts at the stand-ins, with the invitation on their channel."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.channel import Channel
from tests.bench.stage.database import Stage
from tests.bench.stage.invitation import in_django_templates, in_our_placeholders
from tests.support.standins.sendgrid import API_KEY
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN

FROM_EMAIL = "survey@example.com"
FROM_NUMBER = "+15005550006"


def at_sendgrid(stage: Stage, url: str) -> Stage:
    """Return the stage with a SendGrid account at this address."""
    return replace(
        stage, provider_id=_account(stage, "sendgrid", Channel.EMAIL, {"baseUrl": url}, {"api_key": API_KEY})
    )


def at_twilio(stage: Stage, url: str) -> Stage:
    """Return the stage with a Twilio account at this address, and the invitation as an SMS."""
    credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    return replace(
        stage,
        channel=Channel.SMS,
        provider_id=_account(stage, "twilio", Channel.SMS, {"baseUrl": url, "from": FROM_NUMBER}, credentials),
        template_id=_template(stage, "SMS", in_our_placeholders(Channel.SMS)),
        django_template_id=_template(stage, "SMS for Django's engine", in_django_templates(Channel.SMS)),
    )


def at_smtp(stage: Stage, port: int) -> Stage:
    """Return the stage with an account at a mail server of this machine, with the provider's defaults."""
    configuration = {"host": "127.0.0.1", "port": port, "security": "none"}
    return replace(stage, provider_id=_account(stage, "smtp", Channel.EMAIL, configuration, {}))


def _account(
    stage: Stage, kind: str, channel: Channel, configuration: Mapping[str, Any], credentials: Mapping[str, str]
) -> UUID:
    """Create an account and return its id. Raises ValidationError for an invalid configuration."""
    account = ProviderAccount(
        organization_id=stage.organization_id,
        name=kind,
        kind=kind,
        channel=channel,
        from_email=FROM_EMAIL if channel == Channel.EMAIL else "",
        configuration=configuration,
        credentials=credentials,
    )
    account.clean()
    account.save()
    return account.id


def _template(stage: Stage, name: str, texts: Mapping[str, str]) -> UUID:
    template = Template.objects.create(organization_id=stage.organization_id, name=name, channel=Channel.SMS)
    TemplateVariant.objects.create(template=template, locale="en", **texts)
    return template.id
