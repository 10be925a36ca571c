"""Erasures survive a restore: whoever was erased after the backup is erased again. The journal holds no address."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from contacts.address_key import address_key
from contacts.models import Contact, ErasedAddress, Organization, Suppression
from contacts.models.suppression import SuppressionReason
from distributor.engine.consent.erase import erase_address, erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journal.files import find_files
from distributor.engine.recovery.memory import compare_journal
from distributor.engine.recovery.status import read_memory_status, release
from tests.engine.conftest import Send
from tests.support.engine.people import totals_of
from tests.support.engine.restores import finish, set_back, work

pytestmark = pytest.mark.django_db
ADDRESS = "person0@example.com"


@pytest.fixture(autouse=True)
def commits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run in one transaction, which is rolled back: what follows a commit is done at once."""
    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())


def forget(between: Callable[[], object]) -> None:
    """Do something, let the database forget it, and look."""
    set_back(between)
    compare_journal(database_now())


def erasures_made_again() -> int:
    return int(read_memory_status(database_now()).findings["counts"]["erasures"])


def test_whoever_was_erased_after_the_backup_is_erased_again_and_not_sent_to(
    send: Send, ledger: dict[str, int]
) -> None:
    accepted = send(2)
    erased_id = accepted.recipients[0].contact.id
    forget(lambda: erase_contact(erased_id, database_now()))

    assert erasures_made_again() == 1
    erased = Contact.objects.get(pk=erased_id)
    assert (erased.email, erased.first_name) == ("", "")
    assert erased.erased_at is not None
    finish()
    assert totals_of(accepted) == {"sent": 1, "stopped": 1}
    assert set(ledger) == {"person1@example.com"}


def test_whoever_was_sent_to_and_then_erased_is_erased_again(send: Send, ledger: dict[str, int]) -> None:
    accepted = send(1)

    def send_and_erase() -> None:
        work()
        erase_contact(accepted.recipients[0].contact.id, database_now())

    forget(send_and_erase)
    assert erasures_made_again() == 1
    finish()
    assert ledger == {ADDRESS: 1}
    assert Contact.objects.get().erased_at is not None
    assert totals_of(accepted) == {"indeterminate": 1}


def test_an_erased_address_is_forgotten_again_where_it_stands_without_a_contact(
    organization: Organization, ledger: dict[str, int]
) -> None:
    Suppression.objects.create(
        organization=organization, channel="email", address=ADDRESS, reason=SuppressionReason.BOUNCE
    )
    forget(lambda: erase_address(organization.pk, ADDRESS, database_now()))
    assert Suppression.objects.get().address == address_key(ADDRESS)
    assert ErasedAddress.objects.get().address_key == address_key(ADDRESS)


def test_an_address_that_was_given_again_is_kept(send: Send, organization: Organization) -> None:
    first = send(1)
    set_back(lambda: erase_address(organization.pk, ADDRESS, database_now()))
    again = Contact.objects.create(organization=organization, external_id="new", email=ADDRESS)
    compare_journal(database_now())
    assert Contact.objects.get(pk=first.recipients[0].contact.id).erased_at is not None
    assert Contact.objects.get(pk=again.pk).email == ADDRESS


def test_an_erasure_of_a_contact_made_after_the_backup_holds_nothing_up_for_long(organization: Organization) -> None:
    def make_and_erase() -> None:
        contact = Contact.objects.create(organization=organization, external_id="late", email=ADDRESS)
        erase_contact(contact.pk, database_now())

    forget(make_and_erase)
    assert erasures_made_again() == 1
    assert ErasedAddress.objects.get().address_key == address_key(ADDRESS)  # what is told of it later is not kept
    assert release(database_now(), by="a test")
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is None


def test_the_journal_holds_no_address_of_the_erased(send: Send, organization: Organization, journal: Path) -> None:
    send(1)
    erase_address(organization.pk, ADDRESS, database_now())
    text = "".join(file.read_text() for file in find_files(journal))
    assert address_key(ADDRESS) in text
    assert "person0" not in text


def test_an_erasure_that_the_database_knows_holds_nothing_up(send: Send, organization: Organization) -> None:
    send(1)
    erase_address(organization.pk, ADDRESS, database_now())
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is None
