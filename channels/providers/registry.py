"""All providers, by kind. A provider's module is imported on first use, because the vendors' SDKs are heavy."""

from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from time import monotonic
from typing import Any, Final, cast
from uuid import UUID

from channels.providers.base import Account, Provider
from channels.providers.configuration import ConfigurationFault
from contacts.channel import Channel

PROVIDERS = {
    "anymail": "channels.providers.anymail.provider.Anymail",
    "sandbox": "channels.providers.sandbox.Sandbox",
    "sendgrid": "channels.providers.sendgrid.provider.SendGrid",
    "smtp": "channels.providers.smtp.provider.Smtp",
    "twilio": "channels.providers.twilio.provider.Twilio",
}

# An open provider holds up to 16 threads and connections, in each process.
MAX_OPEN: Final = 32
IDLE_SECONDS: Final = 600.0
_open: dict[UUID, Provider] = {}  # the longest unused first
_used_at: dict[UUID, float] = {}


def provider_class(kind: str) -> type[Provider]:
    """Return the class of a kind. Raises KeyError for an unknown kind."""
    module, _, name = PROVIDERS[kind].rpartition(".")
    return cast(type[Provider], getattr(import_module(module), name))


def open_provider(kind: str, account: Account) -> Provider:
    """Return this process's provider for an account, which stays open until it is unused or the settings change.

    At most MAX_OPEN are open. Those unused for IDLE_SECONDS are closed when another is used. The sandbox holds nothing
    open, and stands in for any account (distributions of test keys).
    """
    if kind == "sandbox":
        return provider_class(kind)(account)
    now = monotonic()
    provider = _open.pop(account.id, None)
    if provider is None or provider.account != account or not isinstance(provider, provider_class(kind)):
        if provider is not None:
            provider.close()
        provider = provider_class(kind)(account)
    _close_unused(now)
    _open[account.id], _used_at[account.id] = provider, now
    return provider


def _close_unused(now: float) -> None:
    while _open:
        account_id = next(iter(_open))
        if len(_open) < MAX_OPEN and now - _used_at.get(account_id, now) < IDLE_SECONDS:
            return
        _open.pop(account_id).close()
        _used_at.pop(account_id, None)


def account_faults(kind: str, account: Account) -> list[str]:
    """Return what keeps an account from sending anything, in sentences for the operator."""
    return provider_class(kind)(account).account_faults()


def repeat_window(kind: str, account: Account) -> timedelta:
    """Return how long the account takes a repeated attempt once at most (Provider.repeat_window)."""
    return provider_class(kind)(account).repeat_window


def kind_choices() -> list[tuple[str, str]]:
    """Return (kind, label) of each provider, for forms."""
    return [(kind, provider_class(kind).label) for kind in PROVIDERS]


def configuration_faults(kind: str, channel: str, configuration: Mapping[str, Any]) -> list[ConfigurationFault]:
    """Return everything that is wrong with the configuration, kind and channel of an account."""
    if kind not in PROVIDERS:
        return [ConfigurationFault("", f"Unknown provider “{kind}”.")]
    if channel not in Channel.values:
        return [ConfigurationFault("", f"Unknown channel “{channel}”.")]
    if not isinstance(configuration, dict):
        return [ConfigurationFault("", "The configuration must be a JSON object: {…}.")]
    provider = provider_class(kind)
    faults = provider.configuration_faults(configuration)
    if channel not in provider.channels:
        faults.insert(0, ConfigurationFault("", f"{provider.label} does not send {Channel(channel).label}."))
    return faults
