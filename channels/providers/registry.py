"""The providers there are, by kind. A provider's file is imported when it is first used: vendors' SDKs are heavy."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast
from uuid import UUID

from channels.providers.base import Account, Provider
from contacts.channel import Channel

PROVIDERS = {
    "anymail": "channels.providers.anymail.provider.Anymail",
    "sandbox": "channels.providers.sandbox.Sandbox",
    "sendgrid": "channels.providers.sendgrid.provider.SendGrid",
    "smtp": "channels.providers.smtp.provider.Smtp",
    "twilio": "channels.providers.twilio.provider.Twilio",
}

_open: dict[UUID, Provider] = {}


def provider_class(kind: str) -> type[Provider]:
    """The class of a kind. Raises KeyError for a kind that there is not."""
    module, _, name = PROVIDERS[kind].rpartition(".")
    return cast(type[Provider], getattr(import_module(module), name))


def open_provider(kind: str, account: Account) -> Provider:
    """This process's provider for an account, kept open until the account's settings change."""
    provider = _open.get(account.id)
    if provider is not None and provider.account == account and isinstance(provider, provider_class(kind)):
        return provider
    if provider is not None:
        provider.close()
    provider = _open[account.id] = provider_class(kind)(account)
    return provider


def kind_choices() -> list[tuple[str, str]]:
    """What an operator can choose from."""
    return [(kind, provider_class(kind).label) for kind in PROVIDERS]


def configuration_faults(kind: str, channel: str, configuration: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an account of this kind, in sentences for the operator."""
    if kind not in PROVIDERS:
        return [f"There is no provider “{kind}”."]
    if channel not in Channel.values:
        return [f"There is no channel “{channel}”."]
    if not isinstance(configuration, dict):
        return ["The configuration is a JSON object: {…}."]
    provider = provider_class(kind)
    faults = [] if channel in provider.channels else [f"{provider.label} does not send {Channel(channel).label}."]
    return faults + provider.configuration_faults(configuration)
