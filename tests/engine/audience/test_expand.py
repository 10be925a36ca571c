"""Distributions to lists, to contacts by their ids and by filter: accepted at once, expanded chunk by chunk."""

from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from channels.models import SandboxMessage
from contacts.channel import Channel
from contacts.identity import UnknownContactsError
from contacts.ids import new_id
from contacts.models import Contact, MailingList, Membership, Organization, Suppression
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.expand import due_expansions, expand_chunk
from distributor.engine.consent.erase import erase_contact
from distributor.engine.control import cancel, pause, reschedule, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Decision, Distribution, Expansion, Recipient
from distributor.rules.requests import Selection
from tests.engine.conftest import SendTo
from tests.support.engine.people import dispatch
from tests.support.simultaneous import run_together, wait_until_blocked

CHUNK = 10
HOUR = timedelta(hours=1)


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


def test_a_distribution_to_a_list_is_accepted_before_its_people_are_looked_at(
    send_to: SendTo, mailing_list: MailingList
) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    assert (distribution.mailing_list, distribution.accepted_count) == (mailing_list, 0)
    assert distribution.steps.count() == 1
    assert not Recipient.objects.exists()
    assert status_of(distribution) == "preparing"


def test_acceptance_is_as_many_statements_whatever_the_size(
    send_to: SendTo, mailing_list: MailingList, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(9):  # the clock's and the savepoint's among them
        send_to(Selection(list_id=mailing_list.pk))


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


def test_a_pause_holds_back_those_who_are_added_meanwhile(send_to: SendTo, mailing_list: MailingList) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    expand_chunk(database_now(), CHUNK)
    pause(distribution.pk, database_now())
    assert status_of(distribution) == "paused"
    expand()
    dispatch()
    assert totals_of(distribution) == {"waiting": 25}
    resume(distribution.pk, database_now())
    dispatch()
    assert totals_of(distribution) == {"sent": 25}


def test_a_cancel_ends_the_expansion_where_it_stands(send_to: SendTo, mailing_list: MailingList) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    expand_chunk(database_now(), CHUNK)
    cancel(distribution.pk, database_now())
    expand()
    dispatch()
    assert (totals_of(distribution), status_of(distribution)) == ({"stopped": 10}, "cancelled")
    assert not due_expansions(database_now())


def test_moving_the_schedule_moves_those_who_are_added_later(send_to: SendTo, mailing_list: MailingList) -> None:
    now = database_now()
    distribution = send_to(Selection(list_id=mailing_list.pk), scheduled_at=now + HOUR)
    expand_chunk(now, CHUNK)
    reschedule(distribution.pk, now + 3 * HOUR, now)
    expand()
    assert set(Batch.objects.values_list("due_at", flat=True)) == {now + 3 * HOUR}
    assert status_of(distribution) == "scheduled"


def test_several_audiences_take_turns(send_to: SendTo, mailing_list: MailingList) -> None:
    made = [send_to(Selection(list_id=mailing_list.pk)) for _ in range(2)]
    for _ in range(2):
        expand_chunk(database_now(), CHUNK)
    assert [totals_of(one) for one in made] == [{"waiting": 10}, {"waiting": 10}]


def test_a_chunk_that_fails_waits_and_is_done_again(
    send_to: SendTo, mailing_list: MailingList, crowd: list[Contact]
) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    now = database_now()
    expand_chunk(now, CHUNK)
    # Somebody of the next chunk is a recipient already: the database refuses to have anybody twice.
    batch = Batch.objects.get()
    intruder = Recipient.objects.create(distribution=distribution, contact=crowd[12], code="x" * 12, batch=batch)
    while expand_chunk(now, CHUNK):
        pass
    expansion = Expansion.objects.get()
    assert (expansion.failures, expansion.due_at) == (1, now + timedelta(seconds=2))
    assert "one_recipient_per_contact_and_distribution" in expansion.last_error
    intruder.delete()
    assert totals_of(distribution) == {"waiting": 10}
    assert not expand_chunk(now, CHUNK)
    while expand_chunk(now + timedelta(seconds=2), CHUNK):
        pass
    assert totals_of(distribution) == {"waiting": 25}


@pytest.mark.django_db(transaction=True)
def test_a_crash_in_the_middle_of_a_chunk_loses_nobody_and_doubles_nobody(
    send_to: SendTo, mailing_list: MailingList
) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))
    expand_chunk(database_now(), CHUNK)

    def expand_elsewhere() -> None:
        expand_chunk(database_now(), CHUNK)
        connection.close()

    with transaction.atomic():
        # Its recipients are written, its counts are not yet: it waits for this row.
        Distribution.objects.select_for_update().get(pk=distribution.pk)
        thread = Thread(target=expand_elsewhere)
        thread.start()
        wait_until_blocked(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        thread.join(60)
    assert "terminating connection" in Expansion.objects.get().last_error
    assert totals_of(distribution) == {"waiting": 10}
    while expand_chunk(database_now() + HOUR, CHUNK):
        pass
    assert totals_of(distribution) == {"waiting": 25}


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_audiences_and_no_contact(send_to: SendTo, mailing_list: MailingList) -> None:
    made = [send_to(Selection(list_id=mailing_list.pk)) for _ in range(3)]
    run_together([expand, expand])
    expand()
    assert [totals_of(one) for one in made] == [{"waiting": 25}] * 3


@pytest.mark.django_db(transaction=True)
def test_a_cancel_during_a_chunk_leaves_none_of_it(send_to: SendTo, mailing_list: MailingList) -> None:
    distribution = send_to(Selection(list_id=mailing_list.pk))

    def expand_elsewhere() -> None:
        expand_chunk(database_now(), CHUNK)
        connection.close()

    with transaction.atomic():
        cancel(distribution.pk, database_now())
        thread = Thread(target=expand_elsewhere)
        thread.start()
        wait_until_blocked(1)
    thread.join(60)
    expand()
    assert (totals_of(distribution), status_of(distribution)) == ({}, "cancelled")
