"""Distributions to lists, to contacts by their ids and by filter: accepted at once, expanded chunk by chunk."""

from typing import Any
from uuid import uuid4

import pytest

from channels.models import SandboxMessage
from contacts.channel import Channel
from contacts.identity import UnknownContactsError
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.expand import due_expansions, expand_chunk
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Decision, Distribution, Recipient
from distributor.rules.requests import Selection
from tests.engine.audience.conftest import expand, status_of, totals_of
from tests.engine.conftest import SendTo
from tests.support.engine.people import dispatch


def test_a_distribution_to_a_list_is_accepted_before_its_people_are_looked_at(
    send_to: SendTo, mailing_list: MailingList
) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    assert (distribution.mailing_list, distribution.accepted_count) == (mailing_list, 0)
    assert distribution.steps.count() == 1
    assert not Recipient.objects.exists()
    assert status_of(distribution) == "preparing"


def test_acceptance_makes_as_many_queries_whatever_the_size(
    send_to: SendTo, crowd: list[Contact], mailing_list: MailingList, django_assert_num_queries: Any
) -> None:
    short_list = MailingList.objects.create(organization=mailing_list.organization, name="Short")
    Membership.objects.create(mailing_list=short_list, contact=crowd[0])
    for audience in (short_list, mailing_list):
        with django_assert_num_queries(8):  # Including the clock's and the savepoint's.
            send_to(Selection(list_id=audience.pk))


def test_an_audience_that_fits_into_a_chunk_is_expanded_in_the_call(
    send_to: SendTo, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    Contact.objects.filter(pk=crowd[0].pk).update(opted_out_at=database_now())
    distribution = send_to(Selection(list_id=mailing_list.pk), at_once=25)
    assert (distribution.accepted_count, distribution.skipped_count) == (25, 1)
    assert not due_expansions(database_now())
    assert totals_of(distribution) == {"waiting": 24, "skipped": 1}
    assert Batch.objects.get().lane == "normal"
    dispatch()
    assert (totals_of(distribution), status_of(distribution)) == ({"sent": 24, "skipped": 1}, "completed")


def test_one_more_than_a_chunk_and_every_filter_are_left_to_workers(send_to: SendTo, mailing_list: MailingList) -> None:
    for selection in (Selection(list_id=mailing_list.pk), Selection(embedded_data={"ward": "A"})):
        distribution = send_to(selection, at_once=24)
        assert (distribution.accepted_count, status_of(distribution)) == (0, "preparing")
    expand()
    assert sorted(Distribution.objects.values_list("accepted_count", flat=True)) == [5, 25]


def test_contacts_of_a_list_are_sent_to_as_members_of_it(
    send_to: SendTo, organization: Organization, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    wanted = [crowd[3].pk, crowd[4].pk]
    distribution = send_to(Selection(list_id=mailing_list.pk, contact_ids=wanted), at_once=2)
    assert distribution.mailing_list == mailing_list
    assert set(Recipient.objects.values_list("contact_id", flat=True)) == set(wanted)
    stranger = Contact.objects.create(organization=organization, external_id="X")
    with pytest.raises(UnknownContactsError) as refused:
        send_to(Selection(list_id=mailing_list.pk, contact_ids=[*wanted, stranger.pk]))
    assert refused.value.ids == {stranger.pk}


def test_no_list_is_made_for_an_audience_that_is_none(
    send_to: SendTo, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    assert send_to(Selection(contact_ids=[crowd[0].pk])).mailing_list is None
    assert MailingList.objects.get() == mailing_list


def test_every_member_becomes_a_recipient_once_and_is_sent_to(
    send_to: SendTo, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    expand()
    assert totals_of(distribution) == {"waiting": 25}
    assert list(Recipient.objects.order_by("pk").values_list("contact_id", flat=True)) == [one.pk for one in crowd]
    assert list(Batch.objects.order_by("pk").values_list("size", "lane")) == [(10, "bulk"), (10, "bulk"), (5, "bulk")]
    dispatch()
    assert (totals_of(distribution), status_of(distribution)) == ({"sent": 25}, "completed")
    assert SandboxMessage.objects.values("to").distinct().count() == SandboxMessage.objects.count() == 25


def test_a_list_that_fits_into_a_chunk_travels_in_the_lane_of_its_size(
    send_to: SendTo, mailing_list: MailingList
) -> None:
    send_to(Selection(list_id=mailing_list.pk))
    expand_chunk(database_now())
    assert Batch.objects.get().lane == "normal"


def test_contacts_by_their_ids_are_expanded_in_chunks_too(send_to: SendTo, crowd: list[Contact]) -> None:
    wanted = [one.pk for one in crowd[20:2:-1]]
    distribution = send_to(Selection(contact_ids=[*wanted, wanted[0]]))
    expand()
    assert totals_of(distribution) == {"waiting": 18}
    assert set(Recipient.objects.values_list("contact_id", flat=True)) == set(wanted)


def test_a_filter_takes_those_whose_embedded_data_holds_all_of_it(
    send_to: SendTo, organization: Organization, crowd: list[Contact]
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    Contact.objects.create(organization=other, external_id="X", embedded_data={"ward": "A", "seen": 0})
    distribution = send_to(Selection(embedded_data={"ward": "A"}))
    expand()
    assert totals_of(distribution) == {"waiting": 5}
    narrow = send_to(Selection(embedded_data={"ward": "A", "seen": 5}))
    expand()
    assert Recipient.objects.get(distribution=narrow).contact == crowd[5]


def test_a_list_of_nobody_is_completed(send_to: SendTo, organization: Organization) -> None:
    empty = MailingList.objects.create(organization=organization)
    distribution = send_to(Selection(list_id=empty.pk))
    expand()
    assert (totals_of(distribution), status_of(distribution)) == ({}, "completed")


def test_a_list_of_exactly_two_chunks_ends(send_to: SendTo, crowd: list[Contact]) -> None:
    distribution = send_to(Selection(contact_ids=[one.pk for one in crowd[:20]]))
    expand()
    assert totals_of(distribution) == {"waiting": 20}
    assert status_of(distribution) == "sending"


def test_each_is_judged_by_the_rules_of_a_call_that_names_it(
    send_to: SendTo, organization: Organization, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    now = database_now()
    Contact.objects.filter(pk=crowd[1].pk).update(opted_out_at=now)
    Contact.objects.filter(pk=crowd[12].pk).update(email="")
    Suppression.objects.create(
        organization=organization, channel="email", address="person24@example.com", reason="bounce"
    )
    erase_contact(crowd[3].pk, now)
    distribution = send_to(Selection(list_id=mailing_list.pk), Channel.EMAIL)
    expand()
    assert totals_of(distribution) == {"waiting": 21, "skipped": 3}
    reasons = dict(Decision.objects.values_list("contact_id", "reason"))
    assert reasons == {crowd[1].pk: "opted_out", crowd[12].pk: "no_address", crowd[24].pk: "suppressed"}


def test_who_the_first_channel_does_not_reach_begins_on_the_next(
    send_to: SendTo, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    Contact.objects.filter(pk=crowd[2].pk).update(email="")
    send_to(Selection(list_id=mailing_list.pk), Channel.EMAIL, Channel.SMS)
    expand()
    assert Recipient.objects.get(contact=crowd[2]).batch.step.channel == "sms"


def test_who_is_registered_gets_a_link_and_no_message(send_to: SendTo, mailing_list: MailingList) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk), is_sent=False)
    expand()
    dispatch()
    assert (totals_of(distribution), status_of(distribution)) == ({"registered": 25}, "completed")
    assert not SandboxMessage.objects.exists()


def test_what_is_named_and_is_not_there_is_refused_and_nothing_is_written(
    send_to: SendTo, organization: Organization, crowd: list[Contact]
) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = MailingList.objects.create(organization=other)
    with pytest.raises(UnknownReferencesError) as refused:
        send_to(Selection(list_id=theirs.pk))
    assert [(fault.what, fault.code) for fault in refused.value.faults] == [("list", "not_found")]
    unknown = uuid4()
    with pytest.raises(UnknownContactsError) as nobody:
        send_to(Selection(contact_ids=[crowd[0].pk, unknown]))
    assert nobody.value.ids == {unknown}
    assert not Distribution.objects.exists()


@pytest.mark.parametrize("said", [{}, {"contact_ids": [uuid4()], "embedded_data": {}}])
def test_an_audience_is_of_one_kind(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a list, contacts or a filter"):
        Selection(**said)
