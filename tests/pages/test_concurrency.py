"""Concurrent answers, openings and unsubscribes, on real connections."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import pytest
from django.db import connection, transaction

from contacts.models import Contact, Suppression
from distributor.engine.consent.erase import erase_contact
from distributor.engine.consent.unsubscribe import unsubscribe
from distributor.engine.responses.links import record_open
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Decision, Distribution, Recipient, Response
from distributor.rules.links import LinkState
from tests.support.journeys import NOW, counts_of, make_contact, make_journey, make_sent_journey, make_survey
from tests.support.simultaneous import DEADLINE_SECONDS, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
ResultT = TypeVar("ResultT")


def in_its_own_connection(call: Callable[[], ResultT]) -> ResultT:
    try:
        return call()
    finally:
        connection.close()


@contextmanager
def at_the_same_moment(recipient: Recipient, calls: Sequence[Callable[[], ResultT]]) -> Iterator[list[Future[ResultT]]]:
    """Run the calls in threads, each on its own connection, all of them already waiting for the same locks.

    The recipient's row and its contact's are held here until PostgreSQL says that every call waits.
    """

    with ThreadPoolExecutor(len(calls)) as pool:
        with transaction.atomic():
            Contact.objects.select_for_update().get(pk=recipient.contact_id)
            Recipient.objects.select_for_update().get(pk=recipient.pk)
            futures = [pool.submit(in_its_own_connection, call) for call in calls]
            wait_until_blocked(len(calls))
        yield futures


def test_of_simultaneous_answers_exactly_one_is_stored() -> None:
    recipient = make_journey()
    calls = [partial(record_response, recipient.code, {"score": number}, NOW) for number in range(4)]
    with at_the_same_moment(recipient, calls) as futures:
        refusals = [future.exception(DEADLINE_SECONDS) for future in futures]
    stored = [number for number, refusal in enumerate(refusals) if refusal is None]
    assert len(stored) == 1
    assert Response.objects.get().answers == {"score": stored[0]}
    others = [refusal for refusal in refusals if refusal is not None]
    assert all(isinstance(other, LinkNotOpenError) and other.state is LinkState.USED for other in others)
    assert counts_of(recipient) == {"stopped": 1, "opened": 1, "responded": 1}
    assert Decision.objects.count() == 1


def test_simultaneous_answers_through_a_link_for_several_are_all_stored_and_one_counts() -> None:
    recipient = make_journey()
    Distribution.objects.filter(pk=recipient.distribution_id).update(link_type="multiple")
    calls = [partial(record_response, recipient.code, {"score": number}, NOW) for number in range(4)]
    with at_the_same_moment(recipient, calls) as futures:
        assert [future.exception(DEADLINE_SECONDS) for future in futures] == [None] * 4
    stored = Response.objects.filter(recipient=recipient).order_by("ordinal")
    assert [response.ordinal for response in stored] == [1, 2, 3, 4]
    assert {response.answers["score"] for response in stored} == {0, 1, 2, 3}
    assert counts_of(recipient) == {"stopped": 1, "opened": 1, "responded": 1}
    assert Decision.objects.count() == 1


def test_of_simultaneous_openings_one_is_counted() -> None:
    recipient = make_journey()
    with at_the_same_moment(recipient, [lambda: record_open(recipient, NOW)] * 3) as futures:
        firsts = [future.result(DEADLINE_SECONDS) for future in futures]
    assert sorted(firsts) == [False, False, True]
    assert counts_of(recipient) == {"opened": 1}


def test_simultaneous_unsubscribes_stop_a_journey_once() -> None:
    recipient = make_journey()
    with at_the_same_moment(recipient, [lambda: unsubscribe(recipient.code, "one-click", NOW)] * 3) as futures:
        assert all(future.result(DEADLINE_SECONDS) for future in futures)
    assert Suppression.objects.count() == 3  # an e-mail address, and a number for SMS and WhatsApp
    assert Decision.objects.count() == 1
    assert counts_of(recipient) == {"stopped": 1}


def test_an_answer_and_an_unsubscribe_at_once_both_hold_and_the_journey_is_counted_once() -> None:
    survey = make_survey()
    contact = make_contact(survey.organization)
    recipients = [make_journey(survey, contact) for _ in range(3)]
    answered = recipients[1]
    calls: list[Callable[[], object]] = [
        lambda: record_response(answered.code, {"score": 1}, NOW),
        lambda: unsubscribe(recipients[0].code, "one-click", NOW),
    ]
    with at_the_same_moment(answered, calls) as futures:
        for future in futures:
            future.result(DEADLINE_SECONDS)
    contact.refresh_from_db()
    answered.refresh_from_db()
    assert contact.opted_out_at == NOW
    assert answered.responded_at == NOW
    assert answered.state == "stopped"
    assert counts_of(answered) == {"stopped": 1, "opened": 1, "responded": 1}
    assert Decision.objects.count() == len(recipients)


def test_a_response_that_waits_for_an_erasure_is_refused() -> None:
    """The link was open when the response arrived, so it was read with the contact's data."""
    recipient = make_sent_journey()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_contact(recipient.contact_id, NOW)
            answered = pool.submit(in_its_own_connection, partial(record_response, recipient.code, {"score": 1}, NOW))
            wait_until_blocked(1)
        refusal = answered.exception(DEADLINE_SECONDS)
    assert isinstance(refusal, LinkNotOpenError)
    assert refusal.state is LinkState.CANCELLED
    assert not Response.objects.exists()
