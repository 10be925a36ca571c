"""Opting a contact out, and in again: what the unsubscribe page and the operators' rooms do alike."""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from contacts.channel import Channel
from contacts.models import Contact, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.journey.stop import stop_journeys
from distributor.models import Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.journey.stop_reasons import StopReason

_PHONE_CHANNELS = frozenset({Channel.SMS, Channel.WHATSAPP})


@transaction.atomic
def opt_out(contact_id: UUID, now: datetime, *, suppressed: Collection[Channel] = (), source: str = "") -> bool:
    """Write to a contact no more, on any channel, and stop its journeys; say whether that is news.

    The contact's addresses on the `suppressed` channels are closed to other contacts as well, with `source` as what
    told us. Doing it again keeps the first moment. Raises Contact.DoesNotExist.
    """
    # The contact first: a call that is about to accept it again waits here, and then knows that it opted out.
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    is_news = contact.opted_out_at is None
    if is_news:
        contact.opted_out_at = now
        contact.save(update_fields=["opted_out_at", "updated_at"])
    _suppress(contact, suppressed, source)
    journeys = Recipient.objects.filter(contact=contact, state=RecipientState.WAITING)
    stop_journeys(list(journeys.order_by("pk").select_for_update(no_key=True)), StopReason.OPTED_OUT, now)
    return is_news


@transaction.atomic
def lift_opt_out(contact_id: UUID) -> bool:
    """Write to a contact again from the next distribution on; say whether anything was lifted.

    What its unsubscribing suppressed is lifted with it: a button that left the address closed would do nothing. Other
    suppressions stay. A STOP does, too: the carrier keeps it until the person texts START. Journeys that were stopped
    stay stopped. Raises Contact.DoesNotExist.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    was_out = contact.opted_out_at is not None
    if was_out:
        contact.opted_out_at = None
        contact.save(update_fields=["opted_out_at", "updated_at"])
    theirs = Q()
    for channel, address in _addresses(contact, list(Channel)):
        theirs |= Q(channel=channel, address=address)
    if not theirs:
        return was_out
    lifted, _ = Suppression.objects.filter(
        theirs, organization_id=contact.organization_id, reason=SuppressionReason.UNSUBSCRIBE
    ).delete()
    return was_out or lifted > 0


def _suppress(contact: Contact, channels: Collection[Channel], source: str) -> None:
    """Suppress the contact's addresses on these channels; a phone number that is refused by SMS is so by WhatsApp."""
    wanted = set(channels)
    if wanted & _PHONE_CHANNELS:
        wanted |= _PHONE_CHANNELS
    Suppression.objects.bulk_create(
        [
            Suppression(
                organization_id=contact.organization_id,
                channel=channel,
                address=address,
                reason=SuppressionReason.UNSUBSCRIBE,
                source=source,
            )
            for channel, address in _addresses(contact, wanted)
        ],
        # Whoever unsubscribes again changes nothing.
        ignore_conflicts=True,
    )


def _addresses(contact: Contact, channels: Collection[Channel]) -> Iterator[tuple[Channel, str]]:
    """What the contact is reached by, sorted by channel, so that two with the same phone number do not deadlock."""
    for channel in sorted(channels):
        address = contact.email.lower() if channel == Channel.EMAIL else contact.phone
        if address:
            yield channel, address
