"""Closing addresses: what providers' events and answers tell, by organisation, channel and address.

Suppressions are locked before recipients, and both before distributions; each in the order of its key.
"""

from collections.abc import Collection, Iterable

from django.db import connection

from channels.models import ProviderAccount
from channels.providers.base import Account
from contacts.addresses import is_email, normalize_phone
from contacts.channel import Channel
from contacts.models import Suppression
from contacts.models.suppression import SuppressionReason

# Of the same moment STOP counts.
_LATEST_WISHES = """
SELECT DISTINCT ON (address) address, kind FROM distributor_providerevent
WHERE kind IN ('stopped', 'started') AND address = ANY(%s) AND provider_account_id = ANY(%s)
ORDER BY address, occurred_at DESC, kind DESC
"""


def suppress(account: Account, told: Iterable[tuple[str, str]]) -> None:
    """Close (address, reason) to everybody of the account's organisation. What is no address of the channel is not."""
    closed = sorted({(address, reason) for address, reason in told if _is_address(account.channel, address)})
    Suppression.objects.bulk_create(
        [
            Suppression(
                organization_id=account.organization_id,
                channel=account.channel,
                address=address,
                reason=reason,
                source=f"provider account {account.id}",
            )
            for address, reason in closed
        ],
        ignore_conflicts=True,
    )


def apply_latest_wishes(account: Account, addresses: Collection[str]) -> None:
    """Let the latest STOP or START that is stored of each address hold, in whatever order they were told.

    START takes back a STOP and nothing else.
    """
    organization_id, channel = account.organization_id, account.channel
    theirs = ProviderAccount.objects.filter(organization_id=organization_id, channel=channel)
    with connection.cursor() as cursor:
        # A STOP and a START that are told at the same moment would each not see the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"wishes {organization_id}"])
        cursor.execute(_LATEST_WISHES, [list(addresses), list(theirs.values_list("id", flat=True))])
        latest: dict[str, str] = dict(cursor.fetchall())
    started = sorted(address for address, kind in latest.items() if kind == "started")
    Suppression.objects.filter(
        organization_id=organization_id, channel=channel, reason=SuppressionReason.STOP, address__in=started
    ).delete()
    suppress(account, [(address, SuppressionReason.STOP) for address, kind in latest.items() if kind == "stopped"])


def _is_address(channel: Channel, address: str) -> bool:
    """In the one spelling that sends compare with. People also write from short codes and by WhatsApp's user ids."""
    if channel == Channel.EMAIL:
        return address == address.lower() and is_email(address)
    return normalize_phone(address) == address
