"""Faults of provider accounts that their bodies alone do not show."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from channels.account_changes import merged
from channels.models import ProviderAccount
from channels.providers.registry import PROVIDERS, provider_class
from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.answers.problems import Fault
from distributor.api.bodies.validation import json_pointer

# Every sentence of a provider begins with the name of the setting that it is about.


def account_faults(
    organization: Organization, account: ProviderAccount | None, given: dict[str, Any]
) -> Iterator[Fault]:
    """Find what is wrong with an account as it would be after the call; None: an account to create."""
    if account is not None:
        for name in given.keys() & {"kind", "channel"}:
            yield Fault(f"/{name}", "fixed_after_creation", f"The {name} of an account cannot be changed.")
    yield from _stand_in_faults(organization, account, given)
    yield from _sender_faults(organization, given)
    yield from _price_faults(account, given)
    kind = account.kind if account else given.get("kind")
    channel = account.channel if account else given.get("channel")
    if not isinstance(kind, str) or kind not in PROVIDERS:
        if isinstance(kind, str):
            yield Fault("/kind", "unknown_kind", f"Unknown kind. Use one of: {', '.join(PROVIDERS)}.")
        return
    if channel in list(Channel) and channel not in provider_class(kind).channels:
        yield Fault("/channel", "wrong_channel", f"{provider_class(kind).label} does not send {channel}.")
    yield from _credential_faults(kind, given)
    configuration = given.get("configuration", {})
    if isinstance(configuration, dict) and (account is None or "configuration" in given):
        yield from _configuration_faults(kind, merged(account.configuration if account else {}, configuration))


def _configuration_faults(kind: str, configuration: dict[str, Any]) -> Iterator[Fault]:
    for fault in provider_class(kind).configuration_faults(configuration):
        path = ("configuration", fault.field) if fault.field else ("configuration",)
        yield Fault(json_pointer(path), "invalid_configuration", fault.message)


def _stand_in_faults(
    organization: Organization, account: ProviderAccount | None, given: dict[str, Any]
) -> Iterator[Fault]:
    channel = account.channel if account else given.get("channel")
    try:
        stand_in_id = UUID(given["standInId"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return  # not given, or a fault of the field's own
    if channel not in list(Channel):
        return
    found = ProviderAccount.objects.filter(organization=organization, channel=channel, pk=stand_in_id).first()
    if found is None or found == account:
        yield Fault("/standInId", "provider_not_found", "There is no other provider of this channel with this id.")


def _sender_faults(organization: Organization, given: dict[str, Any]) -> Iterator[Fault]:
    from_email, reply_to = given.get("fromEmail"), given.get("replyToEmail")
    if isinstance(from_email, str):
        for fault in organization.sender_rules.faults(from_email, ""):
            yield Fault("/fromEmail", "sender_not_allowed", fault)
    if isinstance(reply_to, str):
        for fault in organization.sender_rules.faults("", reply_to):
            yield Fault("/replyToEmail", "sender_not_allowed", fault)


def _price_faults(account: ProviderAccount | None, given: dict[str, Any]) -> Iterator[Fault]:
    price = given.get("unitPrice", account.unit_price if account else None)
    currency = given.get("priceCurrency", account.price_currency if account else "")
    if price is not None and not currency:
        yield Fault("/priceCurrency", "currency_missing", "A price needs its currency, for example EUR.")


def _credential_faults(kind: str, given: dict[str, Any]) -> Iterator[Fault]:
    credentials = given.get("credentials")
    known = provider_class(kind).credential_names
    for name in credentials if isinstance(credentials, dict) else ():
        if name not in known:
            detail = f"Unknown credential. This kind has: {', '.join(known) or 'none'}."
            yield Fault(json_pointer(("credentials", name)), "unknown_credential", detail)
