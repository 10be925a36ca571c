"""Opting out by a personal link."""

from datetime import datetime

from django.db import transaction

from contacts.channel import Channel
from distributor.engine.consent.opt_out import opt_out
from distributor.models import Attempt, Recipient
from distributor.rules.link_codes import is_well_formed


@transaction.atomic
def unsubscribe(code: str, source: str, now: datetime, *, channel: Channel | None = None) -> bool:
    """Opt out the contact behind a link; say whether there is such a link. Doing it again changes nothing.

    A person who says no means no: the contact is opted out on all channels, all its journeys stop, and the address
    that was written to is suppressed, so that no other contact with the same address is written to either. It works
    for links that are used, expired or cancelled too, because the message with the link stays in the inbox.

    `channel` is the one that the message came by, if the caller knows. Otherwise it is every channel that the
    recipient was tried on, or the one it waits for.
    """
    if not is_well_formed(code):
        return False
    recipient = Recipient.objects.select_related("batch__step").filter(code=code).first()
    if recipient is None:
        return False
    opt_out(recipient.contact_id, now, suppressed=[channel] if channel else _channels_of(recipient), source=source)
    return True


def _channels_of(recipient: Recipient) -> list[Channel]:
    tried = Attempt.objects.filter(recipient_id=recipient.pk).values_list("channel", flat=True).distinct()
    return [Channel(name) for name in tried] or [Channel(recipient.batch.step.channel)]
