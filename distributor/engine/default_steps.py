"""What a link is tied to when nothing is sent by it."""

from django.db.models import Case, Value, When

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Organization
from distributor.rules.requests import StepRequest


class NoChannel(Exception):
    """The organisation has no active provider account with a template for its channel."""


def default_step(organization: Organization) -> StepRequest:
    """The oldest active account with the oldest template of its channel; e-mail before SMS before WhatsApp.

    Raises NoChannel.
    """
    order = Case(*(When(channel=channel, then=Value(place)) for place, channel in enumerate(Channel)))
    templates = Template.objects.filter(organization=organization, variants__isnull=False).order_by("pk")
    first: dict[str, Template] = {}
    for template in templates:
        first.setdefault(template.channel, template)
    accounts = ProviderAccount.objects.filter(organization=organization, is_active=True, channel__in=first)
    account = accounts.order_by(order, "pk").first()
    if account is None:
        raise NoChannel
    return StepRequest(account.channel, account.pk, first[account.channel].pk)
