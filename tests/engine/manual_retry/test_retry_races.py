"""A manual retry while something else happens: nobody is sent to twice, and nobody waits for ever."""

from functools import partial

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import cancel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import run_next_chunk, start_retry
from distributor.engine.responses.record import record_response
from distributor.models import Distribution
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, fail_addresses, make_due, run_retries, totals_of
from tests.support.engine.provider_events import event_of, report_events
from tests.support.failpoints import held_at
from tests.support.simultaneous import run_together

pytestmark = pytest.mark.django_db(transaction=True)
Accounts = dict[Channel, ProviderAccount]
STAGES = ("retrying", "resent")


@pytest.fixture
def failed(send: Send, accounts: Accounts) -> Accepted:
    """One person who failed and for whom a retry was asked. The provider works again."""
    fail_addresses(accounts[Channel.EMAIL], person0="permanent")
    accepted = send(1)
    dispatch()
    ProviderAccount.objects.update(configuration={})
    start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())
    return accepted


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancel_leaves_nobody_waiting(failed: Accepted, stage: str) -> None:
    with held_at(stage, run_retries) as race:
        cancelling = partial(cancel, failed.distribution.pk, database_now())
        # A chunk that has moved people holds the distribution until its commit.
        race.start(cancelling) if stage == "resent" else cancelling()
    make_due()
    dispatch()
    assert SandboxMessage.objects.count() == 0
    assert Distribution.objects.get().running_retry_count == 0
    assert totals_of(failed).get("waiting", 0) == 0


@pytest.mark.parametrize("stage", STAGES)
def test_an_opt_out_holds(failed: Accepted, stage: str) -> None:
    with held_at(stage, run_retries):
        # Only waiting journeys are stopped at once. The begin of the retried message reads the opt-out.
        opt_out(failed.recipients[0].contact.id, database_now(), source="test")
    dispatch()
    assert SandboxMessage.objects.count() == 0
    assert totals_of(failed).get("waiting", 0) == 0


@pytest.mark.parametrize("stage", STAGES)
def test_a_response_holds(failed: Accepted, stage: str) -> None:
    with held_at(stage, run_retries) as race:
        race.start(partial(record_response, failed.recipients[0].code, {}, database_now()))
    dispatch()
    assert SandboxMessage.objects.count() == 0
    assert totals_of(failed).get("waiting", 0) == 0


@pytest.mark.parametrize("stage", STAGES)
def test_news_that_the_first_message_arrived_holds(send: Send, accounts: Accounts, stage: str) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS)
    dispatch()
    make_due()
    dispatch()
    selection = RetrySelection(outcomes=[RetriedOutcome.INDETERMINATE])
    start_retry(accepted.distribution.pk, selection, "test", database_now())
    event = event_of(accepted, EventKind.DELIVERED, address="+48600000000")
    with held_at(stage, run_retries) as race:
        race.start(partial(report_events, accounts[Channel.SMS], event, at=database_now()))
    dispatch()
    assert SandboxMessage.objects.count() == 1
    assert totals_of(accepted) == {"sent": 1}


def test_two_retries_and_two_workers_send_once(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], **{f"person{number}": "permanent" for number in range(30)})
    accepted = send(30)
    dispatch()
    ProviderAccount.objects.update(configuration={})
    for _ in range(2):
        start_retry(accepted.distribution.pk, RetrySelection(), "test", database_now())

    def run_chunks() -> None:
        while run_next_chunk(database_now(), 7):
            pass

    run_together([run_chunks, run_chunks])
    run_chunks()
    dispatch()
    assert SandboxMessage.objects.count() == 30
    assert totals_of(accepted) == {"sent": 30}
    assert Distribution.objects.get().running_retry_count == 0
