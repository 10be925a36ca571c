"""People who subscribe again at the provider, on the page where they had unsubscribed."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import Max
from django.db.models.functions import Lower

from channels.models import ProviderAccount
from channels.providers.base import Account
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.opt_out import active_signals
from distributor.engine.consent.provider_signals import source_of
from distributor.engine.consent.record import addresses_of, is_address
from distributor.models import ProviderEvent
from distributor.rules.consent import Lift, Signal

SUBSCRIPTION_CHANGES: Final = ("unsubscribed", "started")


def apply_resubscribes(account: Account, addresses: Collection[str], now: datetime) -> None:
    """Take back the unsubscribes at the provider that a later subscription there follows, in whatever order they came.

    It runs in the caller's transaction, after the unsubscribes are recorded.
    """
    known = sorted(address for address in addresses if is_address(account.channel, address))
    if not known:
        return
    theirs = ProviderAccount.objects.filter(organization_id=account.organization_id, channel=account.channel)
    events = ProviderEvent.objects.filter(
        kind="started", address__in=known, provider_account_id__in=list(theirs.values_list("pk", flat=True))
    )
    for address, said_at in events.order_by("address").values_list("address").annotate(Max("occurred_at")):
        _lift_provider_unsubscribe(account, address, said_at, now)


def _lift_provider_unsubscribe(account: Account, address: str, said_at: datetime, now: datetime) -> None:
    """Lift the unsubscribe of whoever has the address. What the person said elsewhere stays."""
    holders = Contact.objects.alias(lower_email=Lower("email")).filter(
        organization_id=account.organization_id, lower_email=address
    )
    for contact in holders.exclude(email="").order_by("pk").select_for_update(no_key=True):
        if active_signals(contact) != {Signal.PROVIDER_UNSUBSCRIBE} or _has_later_unsubscribe(contact, said_at):
            continue
        contact.opted_out_at = None
        contact.save(update_fields=["opted_out_at", "updated_at"])
        own = [own_address for _, own_address in addresses_of(contact)]
        Suppression.objects.filter(
            organization_id=account.organization_id,
            channel__in=Channel.values,  # so that the index of addresses serves
            address__in=own,
            reason=SuppressionReason.UNSUBSCRIBE,
        ).delete()
        ConsentEvent.objects.create(
            organization_id=account.organization_id,
            contact_id=contact.pk,
            channel=account.channel.value,
            address=address,
            what=Lift.OPT_IN.value,
            source=source_of(account),
            evidence={"event": "resubscribed"},
            said_at=said_at,
            recorded_at=now,
        )


def _has_later_unsubscribe(contact: Contact, said_at: datetime) -> bool:
    unsubscribes = ConsentEvent.objects.filter(contact_id=contact.pk, what=Signal.PROVIDER_UNSUBSCRIBE.value)
    return unsubscribes.filter(said_at__gt=said_at).exists()
