"""What providers report of people's wishes: STOP and START, complaints, unsubscribes, and addresses that bounce."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from channels.models import ProviderAccount
from channels.providers.base import Account
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.models import Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.lift import lift_stops
from distributor.engine.consent.record import (
    PHONE_CHANNELS,
    ReportedSignal,
    is_address,
    record_signals,
    source_of,
    spread,
    suppress_addresses,
)
from distributor.rules.consent import Signal

# Of two of the same moment STOP counts.
_LATEST_REQUESTS = """
SELECT DISTINCT ON (address) address, kind, occurred_at FROM distributor_providerevent
WHERE kind IN ('stopped', 'started') AND address = ANY(%s) AND provider_account_id = ANY(%s)
ORDER BY address, occurred_at DESC, kind DESC
"""


def suppress_bounced(account: Account, addresses: Iterable[str]) -> None:
    """Suppress addresses that bounced, on the account's channel. What is not an address of the channel is left out."""
    closed = {address for address in addresses if is_address(account.channel, address)}
    suppress_addresses(
        account.organization_id,
        [(account.channel.value, address, SuppressionReason.BOUNCE.value) for address in closed],
        source_of(account),
    )


def record_provider_signals(
    account: Account, reported: Sequence[ReportedSignal], now: datetime
) -> dict[UUID, ReportedSignal]:
    """Record complaints, unsubscribes and refusals because of an earlier STOP. Returns whose journeys have to stop."""
    return record_signals(account.organization_id, reported, source_of(account), now)


def apply_latest_requests(
    account: Account, addresses: Collection[str], new_stops: Collection[tuple[str, datetime]], now: datetime
) -> dict[UUID, ReportedSignal]:
    """Let the latest stored STOP or START of each address hold, in whatever order they were reported.

    A phone number is one wish for SMS and WhatsApp, whichever account was told. A STOP that is among `new_stops`, as
    (address, when), stops what waits even if an earlier STOP holds. Returns whose journeys have to stop.
    """
    organization_id = account.organization_id
    channels = PHONE_CHANNELS if account.channel in PHONE_CHANNELS else (account.channel,)
    theirs = ProviderAccount.objects.filter(organization_id=organization_id, channel__in=channels)
    with connection.cursor() as cursor:
        # A STOP and a START reported at the same moment would each not see the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"wishes {organization_id}"])
        spelled = {spelling: address for address in addresses for spelling in (address, address_key(address))}
        cursor.execute(_LATEST_REQUESTS, [list(spelled), list(theirs.values_list("id", flat=True))])
        latest = _latest_of_both_spellings(cursor.fetchall(), spelled)
    known = _stopped_addresses(account, addresses)
    stopped = [
        ReportedSignal(Signal.STOP, account.channel.value, address, said_at=said_at)
        for address, kind, said_at in latest
        if kind == "stopped" and (address not in known or (address, said_at) in new_stops)
    ]
    stopping = record_signals(organization_id, stopped, source_of(account), now)
    started = {address: said_at for address, kind, said_at in latest if kind == "started"}
    lift_stops(account, {address: at for address, at in started.items() if is_address(account.channel, address)}, now)
    return stopping


def _latest_of_both_spellings(
    requests: Iterable[tuple[str, str, datetime]], spelled: Mapping[str, str]
) -> list[tuple[str, str, datetime]]:
    """Return one (address, kind, when) for each address. What was said before an erasure is kept by the key."""
    latest: dict[str, tuple[str, datetime]] = {}
    for spelling, kind, said_at in requests:
        address = spelled[spelling]
        if address not in latest or (said_at, kind) > latest[address][::-1]:
            latest[address] = (kind, said_at)
    return [(address, *request) for address, request in latest.items()]


def _stopped_addresses(account: Account, addresses: Collection[str]) -> set[str]:
    """Return the addresses whose STOP holds already on every channel: reported again, it changes nothing."""
    closed = Suppression.objects.filter(
        organization_id=account.organization_id,
        channel__in=Channel.values,  # so that the index of addresses serves
        address__in=addresses,
        reason=SuppressionReason.STOP,
    )
    places = set(closed.values_list("channel", "address"))
    return {address for address in addresses if places >= set(spread(account.channel, address))}
