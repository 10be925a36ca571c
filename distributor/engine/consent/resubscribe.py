"""People who subscribe again at the provider, on the page where they had unsubscribed."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import Max

from channels.models import ProviderAccount
from channels.providers.base import Account
from distributor.engine.consent.lift import lift_provider_unsubscribes
from distributor.engine.consent.record import is_address
from distributor.models import ProviderEvent

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
    said_at = dict(events.order_by().values_list("address").annotate(Max("occurred_at")))
    lift_provider_unsubscribes(account, said_at, now)
