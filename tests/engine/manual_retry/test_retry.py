"""Manual retries: recipients who failed are sent to again, once, and nobody else is."""

from typing import Any

import pytest

from channels.models import SandboxMessage
from contacts.channel import Channel
from distributor.engine.control import cancel, pause, resume
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import (
    RetryRefusal,
    RetryRefusedError,
    has_due_retries,
    run_next_chunk,
    start_retry,
)
from distributor.engine.manual_retry.unreached import UnreachedGroup, count_unreached
from distributor.models import Batch, Distribution, Recipient
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from tests.engine.conftest import Send
from tests.engine.manual_retry.conftest import EVERYBODY, Accounts, retry, works_again
from tests.support.engine.people import (
    dispatch,
    events_of,
    fail_addresses,
    given,
    make_due,
    run_retries,
    timeline_of,
    totals_of,
)

pytestmark = pytest.mark.django_db


def test_who_failed_is_sent_to_again_with_the_same_link_and_nobody_else(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="permanent")
    accepted = send(4)
    dispatch()
    assert totals_of(accepted) == {"failed": 2, "sent": 2}
    works_again(accounts[Channel.EMAIL])
    made = retry(accepted)
    assert (made.retried_count, made.is_done) == (2, True)
    assert totals_of(accepted) == {"waiting": 2, "sent": 2}
    dispatch()
    assert totals_of(accepted) == {"sent": 4}
    texts = list(SandboxMessage.objects.values_list("text", flat=True))
    assert [sum(recipient.code in text for text in texts) for recipient in accepted.recipients] == [1, 1, 1, 1]
    assert events_of(accepted) == ["accepted", "failed", "retried", "sent"]
    timeline = timeline_of(accepted)
    sentence = timeline.decisions[0].sentence(timeline.zone)
    assert sentence.startswith("sending again on request, because before: the provider rejected the e-mail message")


def test_a_retry_of_nobody_ends_at_once(send: Send) -> None:
    accepted = send(1)
    dispatch()
    made = retry(accepted)
    assert (made.retried_count, made.is_done) == (0, True)
    distribution = Distribution.objects.get()
    assert (distribution.running_retry_count, distribution.status_at(database_now())) == (0, "completed")


def test_until_it_is_carried_out_the_distribution_is_not_completed(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())
    assert Distribution.objects.get().status_at(database_now()) == "sending"


def test_a_repeated_call_sends_nothing_twice(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    works_again(accounts[Channel.EMAIL])
    assert [retry(accepted).retried_count, retry(accepted).retried_count] == [1, 0]
    dispatch()
    assert retry(accepted).retried_count == 0
    assert totals_of(accepted) == {"sent": 1}


def test_who_fails_again_may_be_retried_again_but_not_by_the_same_retry(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    for _ in range(2):
        assert retry(accepted).retried_count == 1
        dispatch()
        assert totals_of(accepted) == {"failed": 1}
    assert events_of(accepted) == ["accepted", "failed", "retried", "failed", "retried", "failed"]


def test_a_chain_starts_over_with_its_first_step(send: Send, accounts: Accounts) -> None:
    for channel in (Channel.EMAIL, Channel.SMS):
        fail_addresses(accounts[channel], person0="permanent")
    accepted = send(1, Channel.EMAIL, Channel.SMS, is_multi=True)
    dispatch()
    assert totals_of(accepted) == {"failed": 1}
    works_again(accounts[Channel.SMS])
    retry(accepted)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    attempts = timeline_of(accepted).attempts
    assert [(attempt.channel, attempt.state) for attempt in attempts] == [
        ("email", "failed"),
        ("sms", "failed"),
        ("email", "failed"),
        ("sms", "sent"),
    ]


def test_without_fallbacks_each_starts_with_the_channel_of_its_own(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="permanent")
    accepted = send([given(0, email="")], Channel.EMAIL, Channel.SMS)
    dispatch()
    works_again(accounts[Channel.SMS])
    retry(accepted)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}


def test_attempts_count_anew(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    fail_addresses(accounts[Channel.EMAIL], person0="transient")
    Recipient.objects.update(attempt_count=7)
    retry(accepted)
    dispatch()
    assert totals_of(accepted) == {"waiting": 1}


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        (RetrySelection(), 2),
        (EVERYBODY, 3),
        (RetrySelection(outcomes=[RetriedOutcome.INDETERMINATE]), 1),
        (RetrySelection(reasons=["refused"]), 2),
        (RetrySelection(reasons=["bounced", "}{',\""]), 0),
        (RetrySelection(channels=["sms"]), 2),
        (RetrySelection(channels=["email"]), 0),
    ],
)
def test_a_retry_may_concern_some_only(send: Send, accounts: Accounts, selection: RetrySelection, count: int) -> None:
    fail_addresses(accounts[Channel.SMS], person0="permanent", person1="permanent", person2="unknown")
    accepted = send(4, Channel.SMS)
    dispatch()
    make_due()
    dispatch()
    assert totals_of(accepted) == {"failed": 2, "indeterminate": 1, "sent": 1}
    assert sum(group.recipients for group in count_unreached(accepted.distribution.pk, selection)) == count
    assert retry(accepted, selection).retried_count == count


def test_a_retry_may_concern_contacts_and_steps(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="permanent")
    accepted = send(2)
    dispatch()
    step = Batch.objects.values_list("step_id", flat=True)[0]
    contact_ids = [accepted.recipients[1].contact.id]
    assert retry(accepted, RetrySelection(step_ids=[accepted.distribution.pk])).retried_count == 0
    assert retry(accepted, RetrySelection(step_ids=[step], contact_ids=contact_ids)).retried_count == 1
    assert events_of(accepted, 0)[-1] == "failed"
    assert events_of(accepted, 1)[-1] == "retried"


def test_people_are_told_by_reason_with_the_providers_words(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="permanent", person2="unknown")
    accepted = send(3)
    dispatch()
    groups = count_unreached(accepted.distribution.pk, EVERYBODY)
    attempt = timeline_of(accepted).attempts[0]
    assert groups[0] == UnreachedGroup("failed", "refused", "email", attempt.code, attempt.detail, 2)
    assert attempt.detail


def test_chunks_cover_everybody_once(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], **{f"person{number}": "permanent" for number in range(25)})
    accepted = send(25)
    dispatch()
    start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())
    chunks = 0
    while run_next_chunk(database_now(), 10):
        chunks += 1
    assert chunks == 3
    assert totals_of(accepted) == {"waiting": 25}
    assert (Distribution.objects.get().running_retry_count, has_due_retries(database_now())) == (0, False)
    works_again(accounts[Channel.EMAIL])
    dispatch()
    assert totals_of(accepted) == {"sent": 25}
    assert SandboxMessage.objects.count() == 25


def test_a_cancel_ends_it(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    made = start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())
    cancel(accepted.distribution.pk, database_now())
    run_retries()
    made.refresh_from_db()
    assert (made.is_done, made.retried_count) == (True, 0)
    assert Distribution.objects.get().running_retry_count == 0
    with pytest.raises(RetryRefusedError) as refused:
        start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())
    assert refused.value.reason is RetryRefusal.CANCELLED


def test_a_pause_holds_it(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent", person1="transient")
    accepted = send(2)
    dispatch()
    works_again(accounts[Channel.EMAIL])
    pause(accepted.distribution.pk, database_now())
    retry(accepted)
    dispatch()
    assert SandboxMessage.objects.count() == 0
    resume(accepted.distribution.pk, database_now())
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 2}


def test_after_the_end_nothing_is_sent_again(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    Distribution.objects.update(not_after=database_now())
    with pytest.raises(RetryRefusedError) as refused:
        start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())
    assert refused.value.reason is RetryRefusal.EXPIRED


def test_starting_and_a_chunk_make_as_many_statements_whatever_the_size(
    send: Send, accounts: Accounts, django_assert_num_queries: Any
) -> None:
    for people in (2, 300):
        fail_addresses(accounts[Channel.EMAIL], **{f"person{number}": "permanent" for number in range(people)})
        accepted = send(people)
        dispatch()
        now = database_now()
        with django_assert_num_queries(6):
            start_retry(accepted.distribution.pk, RetrySelection(), "test", now)
        with django_assert_num_queries(12):
            run_next_chunk(now)
