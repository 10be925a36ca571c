"""Noes survive a restore: who said no after the backup is not written to. The journal holds no address."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from channels.models import ProviderAccount
from contacts.address_key import is_address_key
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, Organization, Suppression
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.consent.provider_signals import record_provider_signals
from distributor.engine.consent.record import ReportedSignal
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journal.files import find_files
from distributor.engine.recovery.memory import compare_journal
from distributor.engine.recovery.status import read_memory_status, release
from distributor.engine.route.step_context import as_account
from distributor.rules.consent import Signal
from tests.engine.conftest import Send
from tests.support.engine.people import totals_of
from tests.support.engine.restores import finish

pytestmark = pytest.mark.django_db
ADDRESS = "person0@example.com"


@pytest.fixture(autouse=True)
def commits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run in one transaction, which is rolled back: what follows a commit is done at once."""
    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())


def forget(between: Callable[[], object]) -> None:
    """Do something, let the database forget it, and look."""
    backup = transaction.savepoint()
    between()
    transaction.savepoint_rollback(backup)
    compare_journal(database_now())


def complain() -> None:
    account = as_account(ProviderAccount.objects.get(channel=Channel.EMAIL))
    reported = ReportedSignal(Signal.COMPLAINT, "email", ADDRESS)
    record_provider_signals(account, [reported], database_now())


def test_whoever_opted_out_after_the_backup_is_not_sent_to(send: Send, ledger: dict[str, int]) -> None:
    accepted = send(2)
    forget(lambda: opt_out(accepted.recipients[0].contact.id, database_now(), source="an API key"))
    finish()
    assert totals_of(accepted) == {"sent": 1, "stopped": 1}
    assert set(ledger) == {"person1@example.com"}
    assert Contact.objects.get(pk=accepted.recipients[0].contact.id).opted_out_at is not None


def test_an_address_that_was_closed_stays_closed_for_people_who_come_later(send: Send, ledger: dict[str, int]) -> None:
    forget(complain)
    finish()
    assert totals_of(send(1)) == {"skipped": 1}
    closed = Suppression.objects.get(channel="email")
    assert is_address_key(closed.address)
    assert (closed.reason, closed.source) == ("complaint", "the journal, after a restore")


def test_the_record_of_what_was_said_is_brought_back_once(send: Send, ledger: dict[str, int]) -> None:
    send(1)
    forget(complain)
    event = ConsentEvent.objects.get()
    assert (event.what, event.channel, event.address) == ("complaint", "email", "")
    assert is_address_key(event.address_key)
    assert read_memory_status(database_now()).findings["counts"]["noes"] == 1
    finish()
    compare_journal(database_now())
    assert ConsentEvent.objects.count() == 1
    assert read_memory_status(database_now()).recovering_since is None


def test_the_journal_holds_no_address_of_a_no(send: Send, ledger: dict[str, int], journal: Path) -> None:
    send(1)
    complain()
    text = "".join(file.read_text() for file in find_files(journal))
    assert "complaint" in text
    assert ADDRESS not in text


def test_noes_that_the_database_knows_hold_nothing_up(send: Send, ledger: dict[str, int]) -> None:
    send(1)
    complain()
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is None


def test_a_no_of_an_organisation_made_after_the_backup_is_no_hindrance(
    send: Send, ledger: dict[str, int], organization: Organization
) -> None:
    def of_a_new_organisation() -> None:
        new = Organization.objects.create(name="New", slug="new", time_zone="UTC", phone_region="PL")
        contact = Contact.objects.create(organization=new, external_id="1", email="new@example.com")
        opt_out(contact.pk, database_now(), source="an API key")

    forget(of_a_new_organisation)
    assert release(database_now(), by="a test")
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is None
    assert not Suppression.objects.exists()
