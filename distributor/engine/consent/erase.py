"""Erasing a contact: what is personal goes, what was counted stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from channels.models import ProviderAccount, SandboxMessage
from contacts.address_key import address_key
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, FormerAddress, Membership, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.record import addresses_of, suppress_addresses
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.journey.stop import stop_journeys
from distributor.models import Attempt, Decision, ProviderEvent, Recipient, Response, Touch
from distributor.rules.journey.delivery_events import INBOUND_TEXTS, OPT_OUT_REQUESTS
from distributor.rules.journey.stop_reasons import StopReason

_NOTHING: dict[str, Any] = {
    "external_id": None,
    **dict.fromkeys(("email", "phone", "first_name", "last_name", "title", "locale", "time_zone"), ""),
    "embedded_data": {},
}


@transaction.atomic
def erase_contact(contact_id: UUID, now: datetime) -> bool:
    """Forget who a contact is, stop its journeys (reason “erased”) and close its links; say whether that is news.

    The row stays as a nameless stand-in, so that every distribution's counts remain those of its rows. With the
    contact's own fields go the attributes of its journeys and responses, what providers said of its attempts (an SMTP
    reply quotes the address), its memberships, its frequency record and the sandbox's messages to it. Responses keep
    their answers, as nobody's. A no survives as keyed hashes of the addresses: nobody writes there again, even if the
    same address is imported later, and an unsubscribe link in an old message still works.

    A try that is with a provider at this moment is settled afterwards, and what is told of tries later is kept, as
    always. Raises Contact.DoesNotExist.
    """
    # The contact first: a call that is about to accept it again waits here, and then finds that it is gone.
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    if contact.erased_at is not None:
        return False
    journeys = list(Recipient.objects.filter(contact=contact).order_by("pk").select_for_update(no_key=True))
    stop_journeys(journeys, StopReason.ERASED, now)
    _forget_journeys(journeys)
    _forget_sandbox_messages(journeys)
    _forget_texts(contact)
    _keep_keys_of_addresses(contact, now)
    Membership.objects.filter(contact=contact).delete()
    Touch.objects.filter(contact_id=contact.pk).delete()
    Contact.objects.filter(pk=contact.pk).update(**_NOTHING, erased_at=now, updated_at=now)
    return True


def _keep_keys_of_addresses(contact: Contact, now: datetime) -> None:
    """Replace the contact's addresses by their keys wherever they stand for a no, or may be needed for one."""
    if contact.opted_out_at is not None:
        closed = [(channel, address, SuppressionReason.UNSUBSCRIBE.value) for channel, address in addresses_of(contact)]
        suppress_addresses(contact.organization_id, closed, "erased after an opt-out")
    for former in FormerAddress.objects.filter(contact=contact):
        former.address = address_key(former.address)
        former.save(update_fields=["address"])
    FormerAddress.objects.bulk_create(
        FormerAddress(
            contact=contact,
            channel=Channel.EMAIL if channel == Channel.EMAIL else Channel.SMS,
            address=address_key(address),
            replaced_at=now,
        )
        for channel, address in addresses_of(contact)
        if channel != Channel.WHATSAPP
    )
    for channel, address in addresses_of(contact):
        _suppress_by_key(contact.organization_id, channel, address)
    ConsentEvent.objects.filter(contact_id=contact.pk).exclude(address="").update(address="")


def _suppress_by_key(organization_id: UUID, channel: str, address: str) -> None:
    theirs = Suppression.objects.filter(organization_id=organization_id, channel=channel, address=address)
    kept = list(theirs)
    theirs.delete()
    for suppression in kept:
        suppression.address = address_key(address)
    Suppression.objects.bulk_create(kept, ignore_conflicts=True)


def _forget_journeys(journeys: Sequence[Recipient]) -> None:
    recipient_ids = [journey.pk for journey in journeys]
    Recipient.objects.filter(pk__in=recipient_ids).update(attributes={}, locale="", wording=None)
    Response.objects.filter(recipient_id__in=recipient_ids).update(attributes={})
    Attempt.objects.filter(recipient_id__in=recipient_ids).update(detail="")
    told = ProviderEvent.objects.filter(recipient_id__in=recipient_ids)
    told.update(raw={}, detail="")
    told.exclude(kind__in=OPT_OUT_REQUESTS).update(address="")
    decisions = list(Decision.objects.filter(recipient_id__in=recipient_ids, detail__has_key="detail"))
    for decision in decisions:
        del decision.detail["detail"]
    Decision.objects.bulk_update(decisions, ["detail"])


def _forget_texts(contact: Contact) -> None:
    """Empty what was written from the contact's number to the organisation's accounts."""
    if not contact.phone:
        return
    accounts = list(ProviderAccount.objects.filter(organization=contact.organization_id).values_list("pk", flat=True))
    theirs = ProviderEvent.objects.filter(address=contact.phone, kind__in=INBOUND_TEXTS)
    theirs.filter(provider_account_id__in=accounts).update(raw={}, detail="", address="")


def _forget_sandbox_messages(journeys: Sequence[Recipient]) -> None:
    attempts = [attempt_id(journey.pk, number + 1) for journey in journeys for number in range(journey.attempt_count)]
    groups = {str(journey.distribution_id) for journey in journeys}
    SandboxMessage.objects.filter(group_id__in=groups, attempt_id__in=attempts).delete()
