"""What went wrong after providers took messages, counted by distribution."""

import pytest

from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.reports.delivery_failures import NO_DELIVERY_FAILURES, DeliveryFailures, count_delivery_failures
from distributor.models import Attempt, Distribution, Recipient
from distributor.rules.journey.delivery_events import Trouble
from distributor.rules.requests import Selection
from tests.engine.conftest import Send, SendTo
from tests.support.engine.people import dispatch

pytestmark = pytest.mark.django_db


def trouble(distribution: Distribution, *kinds: Trouble) -> None:
    """Let the first recipients' tries end like that, one after the other."""
    ids = Recipient.objects.filter(distribution=distribution).order_by("id").values_list("pk", flat=True)
    for recipient_id, kind in zip(ids, kinds, strict=False):
        Attempt.objects.filter(recipient_id=recipient_id).update(trouble=kind)


def test_people_are_counted_by_what_went_wrong(send: Send) -> None:
    accepted = send(7)
    dispatch()
    trouble(accepted.distribution, *Trouble)
    assert count_delivery_failures([accepted.distribution.pk]) == {accepted.distribution.pk: DeliveryFailures(2, 1, 1)}


def test_nothing_wrong_is_not_counted(send: Send) -> None:
    accepted = send(2)
    dispatch()
    assert count_delivery_failures([accepted.distribution.pk, new_id()]) == count_delivery_failures([]) == {}
    assert sum(NO_DELIVERY_FAILURES) == 0


def test_distributions_whose_recipients_were_made_in_turns_are_told_apart(
    send_to: SendTo, organization: Organization
) -> None:
    crowd = [Contact.objects.create(organization=organization, email=f"p{one}@example.com") for one in range(6)]
    audience = MailingList.objects.create(organization=organization)
    Membership.objects.bulk_create(Membership(mailing_list=audience, contact=one) for one in crowd)
    first, second = (send_to(Selection(list_id=audience.pk)) for _ in range(2))
    while expand_chunk(database_now(), 2):
        pass
    owners = list(Recipient.objects.order_by("id").values_list("distribution_id", flat=True))
    assert owners != sorted(owners)
    dispatch()
    trouble(first, *[Trouble.BOUNCED] * 6)
    trouble(second, Trouble.DELAYED, Trouble.COMPLAINED)
    assert count_delivery_failures([first.pk, second.pk]) == {
        first.pk: DeliveryFailures(6, 0, 0),
        second.pk: DeliveryFailures(0, 1, 0),
    }
