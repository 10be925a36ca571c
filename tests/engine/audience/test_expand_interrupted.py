"""Expansion meets a pause, a cancel, a failure, a crash and another worker."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from contacts.models import Contact, MailingList
from distributor.engine.audience.expand import due_expansions, expand_chunk
from distributor.engine.control import cancel, pause, reschedule, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Distribution, Expansion, Recipient
from distributor.rules.requests import Selection
from tests.engine.audience.conftest import CHUNK, expand, status_of, totals_of
from tests.engine.conftest import SendTo
from tests.support.engine.people import dispatch
from tests.support.simultaneous import run_together, wait_until_blocked

HOUR = timedelta(hours=1)


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
    assert str(crowd[12].pk) not in expansion.last_error  # PostgreSQL quotes the row in a line of its own
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
