"""The recipients that competitors send to: rows of a table like the product's."""

from collections.abc import Sequence

from django.db.models import QuerySet

from contacts.ids import new_id
from distributor.rules.link_codes import mint_codes
from tests.bench.models import RivalContact, RivalRecipient
from tests.bench.stage.contact_supply import external_id


def rival_recipients(numbers: Sequence[int]) -> list[RivalRecipient]:
    """Create recipients for the contacts of these numbers."""
    contacts = RivalContact.objects.filter(external_id__in=[external_id(number) for number in numbers])
    distribution_id = new_id()
    return RivalRecipient.objects.bulk_create(
        RivalRecipient(
            distribution_id=distribution_id,
            contact=contact,
            code=code,
            batch_id=distribution_id,
            attributes=contact.embedded_data,
        )
        for contact, code in zip(contacts, mint_codes(len(numbers)), strict=True)
    )


def sent_of(recipients: Sequence[RivalRecipient]) -> "QuerySet[RivalRecipient]":
    """Return those of these recipients, created in one call, who have been sent to."""
    return RivalRecipient.objects.filter(batch_id=recipients[0].batch_id, state="finished")
