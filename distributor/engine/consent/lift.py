"""Taking a no back where the person takes it back at the provider: START, and subscribing again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet
from django.db.models.functions import Lower

from channels.providers.base import Account
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.opt_out import active_signals_of
from distributor.engine.consent.record import addresses_of, source_of
from distributor.rules.consent import Lift, Signal


@dataclass(frozen=True, slots=True)
class _Lifted:
    """An address whose no is taken back, and who has it (None: nobody). `is_out`: another no of theirs holds."""

    address: str
    said_at: datetime
    contact: Contact | None
    is_out: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)


def lift_stops(account: Account, starts: Mapping[str, datetime], now: datetime) -> None:
    """START takes back the STOP of each number, and what that STOP closed. Nothing else is lifted."""
    # A STOP of somebody who was erased is kept by the number's key.
    spelled = {spelling: address for address in starts for spelling in (address, address_key(address))}
    stops = _suppressions(account, SuppressionReason.STOP, spelled).values_list("address", flat=True)
    stopped = {address: starts[address] for address in {spelled[spelling] for spelling in stops}}
    holders = _lock_holders(account, stopped)
    signals = active_signals_of(contact for _, contact in holders)
    lifted = [
        _Lifted(address, stopped[address], contact, bool(signals[contact.pk] - {Signal.STOP}))
        for address, contact in holders
    ]
    unknown = stopped.keys() - {address for address, _ in holders}
    lifted += [_Lifted(address, stopped[address], None) for address in sorted(unknown)]
    _lift(account, SuppressionReason.STOP, Lift.START, lifted, now)


def lift_provider_unsubscribes(account: Account, subscriptions: Mapping[str, datetime], now: datetime) -> None:
    """Lift earlier unsubscribes at the provider. People who also said no elsewhere stay opted out."""
    holders = _lock_holders(account, subscriptions)
    signals = active_signals_of(contact for _, contact in holders)
    unsubscribes = ConsentEvent.objects.filter(contact_id__in=signals, what=Signal.PROVIDER_UNSUBSCRIBE.value)
    last_said = dict(unsubscribes.order_by().values_list("contact_id").annotate(Max("said_at")))
    lifted = [
        _Lifted(address, subscriptions[address], contact, evidence={"event": "resubscribed"})
        for address, contact in holders
        if signals[contact.pk] == {Signal.PROVIDER_UNSUBSCRIBE}
        and (contact.pk not in last_said or last_said[contact.pk] <= subscriptions[address])
    ]
    _lift(account, SuppressionReason.UNSUBSCRIBE, Lift.OPT_IN, lifted, now)


def _lift(account: Account, reason: SuppressionReason, what: Lift, lifted: Sequence[_Lifted], now: datetime) -> None:
    """Open the addresses, and all others of those who have them, opt the people in, and write the events."""
    if not lifted:
        return
    opened = {each.address for each in lifted}
    people = [each.contact for each in lifted if each.contact is not None]
    opened.update(address for contact in people for _, address in addresses_of(contact))
    _suppressions(account, reason, opened | {address_key(address) for address in opened}).delete()
    opted_in = [each.contact.pk for each in lifted if each.contact is not None and not each.is_out]
    Contact.objects.filter(pk__in=opted_in).update(opted_out_at=None, updated_at=now)
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            organization_id=account.organization_id,
            contact_id=None if each.contact is None else each.contact.pk,
            channel=account.channel.value,
            address=each.address,
            address_key=address_key(each.address),
            what=what.value,
            source=source_of(account),
            evidence=dict(each.evidence),
            said_at=each.said_at,
            recorded_at=now,
        )
        for each in lifted
    )


def _suppressions(account: Account, reason: SuppressionReason, addresses: Iterable[str]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(
        organization_id=account.organization_id,
        channel__in=Channel.values,  # so that the index of addresses serves
        address__in=list(addresses),
        reason=reason,
    )


def _lock_holders(account: Account, addresses: Iterable[str]) -> list[tuple[str, Contact]]:
    """Lock whoever has the addresses, in the order of their ids, each with the address."""
    wanted = list(addresses)
    if not wanted:
        return []
    theirs = Contact.objects.filter(organization_id=account.organization_id)
    if account.channel == Channel.EMAIL:
        theirs = theirs.alias(lower_email=Lower("email")).filter(lower_email__in=wanted).exclude(email="")
    else:
        theirs = theirs.filter(phone__in=wanted)
    locked = theirs.order_by("pk").select_for_update(no_key=True)
    return [
        (contact.email.lower() if account.channel == Channel.EMAIL else contact.phone, contact) for contact in locked
    ]
