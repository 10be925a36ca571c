"""Opting a contact out as somebody reports it, and lifting that again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.record import ReportedSignal, addresses_of, record_signals
from distributor.engine.consent.stop import lock_journeys, stop_for_signals
from distributor.engine.counters.count import Route, Tally
from distributor.rules.consent import Lift, Signal

_TOLD_BY_REASON: Final = {
    SuppressionReason.STOP.value: Signal.STOP,
    SuppressionReason.COMPLAINT.value: Signal.COMPLAINT,
}


class LiftedByThePersonOnlyError(Exception):
    """The person said no themselves, and nobody says that they asked to be written to again; nothing was changed."""

    def __init__(self, signals: frozenset[Signal]) -> None:
        super().__init__(f"the person said no: {', '.join(sorted(signals))}")
        self.signals = signals


@transaction.atomic
def opt_out(contact_id: UUID, now: datetime, *, source: str) -> bool:
    """Write to a contact no more on any channel, and stop its journeys. Returns whether that changes anything.

    The contact's addresses are suppressed, so another contact with the same address is not written to either, and
    erasing this one does not undo it. `source` says who reports it. Raises Contact.DoesNotExist.
    """
    # The contact first: a call that is about to accept it again waits here, and then knows that it opted out.
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    return _opt_out(contact.organization_id, [contact], source, now) == 1


@transaction.atomic
def opt_out_many(organization_id: UUID, contact_ids: Iterable[UUID], now: datetime, *, source: str) -> int:
    """Do the same for contacts of an organisation, in a few statements. Returns how many had not opted out before."""
    contacts = Contact.objects.filter(organization_id=organization_id, pk__in=set(contact_ids), erased_at=None)
    return _opt_out(organization_id, list(contacts.order_by("pk").select_for_update(no_key=True)), source, now)


def _opt_out(organization_id: UUID, contacts: Sequence[Contact], source: str, now: datetime) -> int:
    """Opt locked contacts out; leave those whose opt-out is complete."""
    opted_out = [contact for contact in contacts if contact.opted_out_at is not None]
    complete = {contact.pk for contact in opted_out} - _having_open_addresses(organization_id, opted_out)
    saying = [contact for contact in contacts if contact.pk not in complete]
    if not saying:
        return 0
    reported = [ReportedSignal(Signal.REPORTED_OPT_OUT, contact_id=contact.pk) for contact in saying]
    stopping = record_signals(organization_id, reported, source, now)
    stop_for_signals(lock_journeys([contact.pk for contact in saying]), stopping, now)
    new_count = sum(contact.opted_out_at is None for contact in saying)
    if new_count:
        tally = Tally()
        tally[Route()]["opted_out"] += new_count
        tally.write(organization_id, now)
    return new_count


@transaction.atomic
def lift_opt_out(contact_id: UUID, now: datetime, *, source: str, is_asked_by_person: bool = False) -> bool:
    """Write to a contact again from the next distribution on. Returns whether anything was lifted.

    An opt-out that was only reported is lifted at once. What the person said themselves is lifted only if they asked
    for it (`is_asked_by_person`): their unsubscribes and complaints, not a STOP. The carrier keeps a STOP until the
    person texts START. Bounces and manual suppressions stay, and stopped journeys stay stopped.

    Raises LiftedByThePersonOnlyError, and Contact.DoesNotExist.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    active = active_signals(contact)
    by_the_person = frozenset(signal for signal in active if signal.is_by_the_person)
    if by_the_person and not is_asked_by_person:
        raise LiftedByThePersonOnlyError(by_the_person)
    was_out = contact.opted_out_at is not None
    if was_out:
        contact.opted_out_at = None
        contact.save(update_fields=["opted_out_at", "updated_at"])
    lifted = [SuppressionReason.UNSUBSCRIBE, SuppressionReason.COMPLAINT]
    deleted, _ = _suppressions_of(contact).filter(reason__in=lifted).delete()
    if was_out or deleted:
        ConsentEvent.objects.create(
            organization_id=contact.organization_id,
            contact_id=contact.pk,
            what=Lift.OPT_IN.value,
            source=source[:255],
            evidence={"requestedByPerson": is_asked_by_person},
            said_at=now,
            recorded_at=now,
        )
    return was_out or deleted > 0


def active_signals(contact: Contact) -> set[Signal]:
    """Return the signals that hold for a contact: those since the last lift, and suppressions that tell of one."""
    return active_signals_of([contact])[contact.pk]


def active_signals_of(contacts: Iterable[Contact]) -> dict[UUID, set[Signal]]:
    """Return active_signals() of each contact, in two queries."""
    known = {contact.pk: contact for contact in contacts}
    active: dict[UUID, set[Signal]] = {contact_id: set() for contact_id in known}
    events = ConsentEvent.objects.filter(contact_id__in=known).order_by("pk").values_list("contact_id", "what")
    for contact_id, what in events:
        if contact_id is None:
            continue
        if what == Lift.START:
            active[contact_id].discard(Signal.STOP)
        elif what == Lift.OPT_IN:
            active[contact_id] &= {Signal.STOP}
        else:
            active[contact_id].add(Signal(what))
    told = _told_by_suppressions(list(known.values()))
    for contact in known.values():
        active[contact.pk].update(*(told.get(place, ()) for place in addresses_of(contact)))
    return active


def _told_by_suppressions(contacts: Sequence[Contact]) -> dict[tuple[str, str], set[Signal]]:
    """Return the signals that suppressions of the contacts' addresses tell of, by channel and address."""
    told: dict[tuple[str, str], set[Signal]] = {}
    closed = Suppression.objects.filter(
        organization_id__in={contact.organization_id for contact in contacts},
        channel__in=Channel.values,  # so that the index of addresses serves
        address__in={address for contact in contacts for _, address in addresses_of(contact)},
        reason__in=_TOLD_BY_REASON,
    )
    for channel, address, reason in closed.values_list("channel", "address", "reason"):
        told.setdefault((channel, address), set()).add(_TOLD_BY_REASON[reason])
    return told


def _suppressions_of(contact: Contact) -> QuerySet[Suppression]:
    theirs = Q(pk=None)
    for channel, address in addresses_of(contact):
        theirs |= Q(channel=channel, address=address)
    return Suppression.objects.filter(theirs, organization_id=contact.organization_id)


def _having_open_addresses(organization_id: UUID, contacts: Sequence[Contact]) -> set[UUID]:
    """Return which of the contacts have an address that is still open to other contacts."""
    if not contacts:
        return set()
    theirs = {contact.pk: set(addresses_of(contact)) for contact in contacts}
    suppressions = Suppression.objects.filter(
        organization_id=organization_id,
        channel__in=Channel.values,  # so that the index of addresses serves
        address__in={address for places in theirs.values() for _, address in places},
    )
    closed = set(suppressions.values_list("channel", "address"))
    return {contact_id for contact_id, places in theirs.items() if places - closed}
