"""What a worker does after the database was set back. Rolling back to a savepoint plays the restore."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.dispatch.claim import claim_batch
from distributor.engine.dispatch.handover import hand_over, journal_line
from distributor.engine.dispatch.settle import settle
from distributor.engine.feedback.ingest import ingest_events
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journal.write import write_to_journal
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.recovery.memory import compare_journal, may_work
from distributor.engine.recovery.status import read_memory_status
from distributor.engine.responses.record import record_response
from distributor.engine.route.step_context import as_account
from distributor.models import (
    Attempt,
    Handover,
    Installation,
    Recipient,
    Touch,
)
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import given, make_due, totals_of
from tests.support.engine.restores import finish, restart_worker, set_back, work
from tests.support.standins.resend import ResendStandIn

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    return dict(read_memory_status(database_now()).findings["counts"])


def test_nothing_is_claimed_until_the_release(send: Send, ledger: dict[str, int]) -> None:
    send(2)
    set_back(work)
    later = send([given(7)])
    work()
    assert claim_batch("urgent", database_now()) is None
    assert totals_of(later) == {"waiting": 1}
    assert not may_work(database_now)
    finish()
    assert may_work(database_now)
    assert totals_of(later) == {"sent": 1}


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_running_worker_notices_as_well_as_a_new_one(send: Send, ledger: dict[str, int], is_restarted: bool) -> None:
    accepted = send(3)
    set_back(work)
    if is_restarted:
        restart_worker()
    work()
    assert read_memory_status(database_now()).recovering_since is not None
    assert totals_of(accepted) == {"indeterminate": 3}
    assert set(ledger.values()) == {1}


def test_an_idle_worker_notices_with_the_next_comparison(send: Send, ledger: dict[str, int]) -> None:
    send(3)
    set_back(work)
    assert read_memory_status(database_now()).recovering_since is None
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is not None


def test_without_a_restore_nothing_is_found(send: Send, ledger: dict[str, int], journal: Path) -> None:
    for number in range(3):
        send([given(number)])
        work()
        restart_worker()
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is None
    assert len(list(journal.glob("*.jsonl"))) == 3


def test_the_journal_of_another_installation_is_left_alone(send: Send, ledger: dict[str, int]) -> None:
    send(3)
    set_back(work)
    Installation.objects.update(code="0123456789")
    restart_worker()
    work()
    assert read_memory_status(database_now()).recovering_since is None


def test_a_recovery_runs_once_for_each_handover(send: Send, ledger: dict[str, int]) -> None:
    send(3)
    set_back(work)
    work()
    first = counts()
    compare_journal(database_now())
    restart_worker()
    work()
    expected = {"handovers": 1, "written_back": 3, "to_repeat": 0, "unknown_recipients": 0, "noes": 0, "erasures": 0}
    assert counts() == first == expected


def test_further_lines_of_a_journal_that_is_found_later_are_added(
    send: Send, ledger: dict[str, int], journal: Path
) -> None:
    send([given(1)])

    def two_workers() -> None:
        work()
        restart_worker()
        send([given(2)])
        work()

    set_back(two_workers)
    hidden = min(journal.glob("*.jsonl"), key=lambda file: file.stat().st_mtime_ns).rename(journal.parent / "hidden")
    work()
    assert counts()["handovers"] == 1
    hidden.rename(journal / "2026-01-01-other-1-abc.jsonl")
    compare_journal(database_now())
    assert counts()["handovers"] == 2


def test_an_attempt_that_is_written_back_is_like_any_other(send: Send, ledger: dict[str, int]) -> None:
    accepted = send(1)
    account_id = ProviderAccount.objects.get(channel=Channel.EMAIL).id
    begun: list[datetime] = []

    def attempt_it() -> None:
        work()
        begun.append(Attempt.objects.get().begun_at)

    set_back(attempt_it)
    work()
    attempt, recipient = Attempt.objects.get(), Recipient.objects.get()
    assert (attempt.number, attempt.state, attempt.channel) == (1, "unknown", "email")
    assert (attempt.provider_account_id, attempt.begun_at) == (account_id, begun[0])
    assert (recipient.attempt_count, recipient.outcome, recipient.reason) == (1, "indeterminate", "unknown_outcome")
    assert Handover.objects.get().settled_at is not None
    assert Touch.objects.get().last_sent_at == begun[0]
    assert totals_of(accepted) == {"indeterminate": 1}


@pytest.mark.parametrize("is_early", [False, True])
@pytest.mark.parametrize("kind", [EventKind.DELIVERED, EventKind.HARD_BOUNCED])
def test_a_report_settles_what_was_written_back(
    send: Send, ledger: dict[str, int], kind: EventKind, is_early: bool
) -> None:
    accepted = send(1)
    set_back(work)
    if not is_early:
        work()
    account = as_account(ProviderAccount.objects.get(channel=Channel.EMAIL))
    event = Event("e1", kind, database_now(), attempt_id=attempt_id(Recipient.objects.get().pk, 1))
    ingest_events(account, [event], database_now())
    work()
    assert totals_of(accepted) == {"sent" if kind is EventKind.DELIVERED else "failed": 1}


def test_a_fallback_does_not_follow_a_message_that_was_forgotten(send: Send, ledger: dict[str, int]) -> None:
    accepted = send(2, Channel.EMAIL, Channel.SMS)
    set_back(work)
    work()
    finish()
    assert totals_of(accepted) == {"indeterminate": 2}
    assert len(ledger) == 2


def test_whoever_was_reached_before_the_backup_ends_as_sent(send: Send, ledger: dict[str, int]) -> None:
    accepted = send(1, reminders=[(Channel.SMS, 60)])
    work()
    make_due()
    set_back(work)
    work()
    finish()
    assert totals_of(accepted) == {"sent": 1}
    assert set(ledger.values()) == {1}


def test_a_thank_you_that_was_sent_is_not_sent_again(send: Send, ledger: dict[str, int]) -> None:
    accepted = send(1, thank_yous=[(Channel.SMS, 0)])
    work()
    record_response(accepted.recipients[0].code, {}, database_now())
    make_due()
    set_back(work)
    work()
    finish()
    assert totals_of(accepted) == {"sent": 1}
    assert sorted(ledger.values()) == [1, 1]


def test_a_key_that_expired_before_the_release_sends_nothing_again(send: Send, peer: ResendStandIn) -> None:
    accepted = send(2)
    set_back(work)
    work()
    assert totals_of(accepted) == {"waiting": 2}
    peer.forget_keys()
    begun_at = database_now() - timedelta(days=2)
    Attempt.objects.update(begun_at=begun_at)
    finish()
    assert totals_of(accepted) == {"indeterminate": 2}
    assert peer.ledger.doubles == {}


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_whoever_was_in_flight_at_the_backup_is_not_sent_to_again(
    send: Send, ledger: dict[str, int], channel: Channel
) -> None:
    in_flight = send(4, channel)
    claim, context, provider = claim_next()
    begun = begin_claim(claim, context)
    write_to_journal(journal_line(claim, context, begun))
    other = send([given(9)], channel)

    def answer_and_go_on() -> None:
        settle(claim, context, begun, hand_over(context, provider, begun), database_now())
        work()

    set_back(answer_and_go_on)
    work()
    finish()
    assert set(ledger.values()) == {1}
    assert totals_of(in_flight) == {"indeterminate": 4}
    assert totals_of(other) == {"indeterminate": 1}


def test_recipients_get_no_id_twice(send: Send, ledger: dict[str, int]) -> None:
    send(2)
    work()
    last_id = max(Recipient.objects.values_list("pk", flat=True))

    def accept_and_send() -> None:
        send([given(5), given(6)])
        work()

    set_back(accept_and_send)
    with connection.cursor() as cursor:  # a restore sets it back, a rollback does not
        cursor.execute("SELECT setval(pg_get_serial_sequence('distributor_recipient', 'id'), %s)", [last_id])
    early = send([given(7)])
    work()
    late = send([given(8)])
    finish()
    taken = set(range(last_id + 1, last_id + 3))
    collided = Recipient.objects.get(distribution_id=early.distribution.id)
    assert collided.pk in taken
    assert Attempt.objects.get(recipient_id=collided.pk).number == 2
    fresh = Recipient.objects.get(distribution_id=late.distribution.id)
    assert fresh.pk not in taken
    assert Attempt.objects.get(recipient_id=fresh.pk).number == 1
    assert counts()["unknown_recipients"] == 2
