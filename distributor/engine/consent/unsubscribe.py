"""Unsubscribing by a personal link: the page's button, or a mail program's one click."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from contacts.address_key import is_address_key
from contacts.channel import Channel
from contacts.models import Contact, FormerAddress
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.opt_out import active_signals
from distributor.engine.consent.record import ReportedSignal, record_signals, spread, suppress_addresses
from distributor.engine.consent.stop import lock_journeys, stop_for_signals
from distributor.engine.counters.count import count_recipient
from distributor.models import Recipient
from distributor.rules.consent import Signal
from distributor.rules.link_codes import is_well_formed


@transaction.atomic
def unsubscribe(code: str, source: str, now: datetime) -> bool:
    """Opt out the contact behind a link. Returns whether there is such a link. Repeating it changes nothing.

    The contact is opted out on all channels, all its journeys stop, and its addresses are suppressed: today's, and
    those that it has had since the link was made, because the message with the link may have gone to one of them. It
    works for links that are used, expired or cancelled, and after the contact was erased: the message stays in the
    inbox, and the page's promise holds.
    """
    if not is_well_formed(code):
        return False
    recipient = Recipient.objects.select_related("distribution").filter(code=code).first()
    if recipient is None:
        return False
    # The contact first, as everywhere: a call that is about to accept it again waits here.
    contact = Contact.objects.select_for_update(no_key=True).get(pk=recipient.contact_id)
    organization_id = recipient.distribution.organization_id
    former = FormerAddress.objects.filter(contact_id=contact.pk, replaced_at__gte=recipient.created_at)
    is_new = Signal.PAGE_UNSUBSCRIBE not in active_signals(contact)
    if is_new:
        reported = ReportedSignal(Signal.PAGE_UNSUBSCRIBE, contact_id=contact.pk, evidence={"link": code})
        stopping = record_signals(organization_id, [reported], source, now)
        stop_for_signals(lock_journeys([contact.pk]), stopping, now)
    closed = [place for address in former for place in _closed_on(address)]
    suppress_addresses(
        organization_id,
        [(channel, address, SuppressionReason.UNSUBSCRIBE.value) for channel, address in closed],
        source,
    )
    if is_new:
        count_recipient(organization_id, recipient.pk, Counter(opted_out=1), now)
    return True


def _closed_on(former: FormerAddress) -> list[tuple[str, str]]:
    if is_address_key(former.address) and former.channel == Channel.EMAIL:
        return [(Channel.EMAIL.value, former.address)]
    return list(spread(former.channel, former.address))
