"""A list of 25, and workers that expand ten at a time."""

import pytest

from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision, Distribution, Recipient

CHUNK = 10


@pytest.fixture
def crowd(organization: Organization) -> list[Contact]:
    """25 contacts, in the order of their ids."""
    return Contact.objects.bulk_create(
        Contact(
            id=new_id(),
            organization=organization,
            external_id=f"PAT-{number}",
            email=f"person{number}@example.com",
            phone=f"+486000{number:05}",
            embedded_data={"ward": "B" if number % 5 else "A", "seen": number},
        )
        for number in range(25)
    )


@pytest.fixture
def mailing_list(organization: Organization, crowd: list[Contact]) -> MailingList:
    """All of the crowd."""
    made = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.bulk_create(Membership(mailing_list=made, contact=one) for one in crowd)
    return made


def expand() -> None:
    while expand_chunk(database_now(), CHUNK):
        pass


def totals_of(distribution: Distribution) -> dict[str, int]:
    """The outcomes that are not zero, once they are known to be what the rows say."""
    row = Distribution.objects.get(pk=distribution.pk)
    recipients = Recipient.objects.filter(distribution=row)
    skipped = Decision.objects.filter(distribution_id=row.pk, recipient_id=None)
    assert (row.recipient_count, row.skipped_count) == (recipients.count(), skipped.count())
    assert sum(row.totals.values()) == row.accepted_count
    return {name: count for name, count in row.totals.items() if count}


def status_of(distribution: Distribution) -> str:
    return Distribution.objects.get(pk=distribution.pk).status_at(database_now()).value
