"""`manage.py rehearse_restore` plays a restore with PostgreSQL's own programs, and finds what is wrong with it."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from config.stack.servers.binaries import postgres_binary
from contacts.models import Contact, MailingList, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.status import read_memory_status
from distributor.models import Recipient
from tests.engine.conftest import Send
from tests.support.engine.restores import back_up, people, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(postgres_binary("pg_dump").parent), prepend=":")


def rehearse(*options: str) -> str:
    output = StringIO()
    call_command("rehearse_restore", *options, stdout=output)
    return output.getvalue()


def scratch_databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", ["%_rehearsal"])
        return [name for (name,) in cursor]


def test_a_backup_is_restored_verified_and_compared_with_the_journal(
    send: Send, ledger: dict[str, int], tmp_path: Path
) -> None:
    send(people(range(3)))
    work()
    assert "The journal knows nothing newer." in (said := rehearse())
    assert said.endswith("The backup is good.\n")

    back_up(tmp_path / "old.dump")
    send(people(range(3, 5)))
    work()
    said = rehearse("--dump", str(tmp_path / "old.dump"))
    assert "had forgotten 1 hand-overs" in said
    assert "2 recipients who were sent to and whom the database does not know" in said
    # Nothing of it happened to the database itself.
    assert read_memory_status(database_now()).recovering_since is None
    assert (Recipient.objects.count(), scratch_databases()) == (5, [])


def test_what_is_wrong_with_a_backup_is_named(send: Send, ledger: dict[str, int], organization: Organization) -> None:
    send(people(range(1)))
    other = Organization.objects.create(name="Other", slug="other")
    foreign_list = MailingList.objects.create(organization=other)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")  # no trigger looks
        cursor.execute(
            "INSERT INTO contacts_membership (mailing_list_id, contact_id) VALUES (%s, %s)",
            [foreign_list.pk, Contact.objects.get().pk],
        )
        cursor.execute("UPDATE channels_provideraccount SET credentials = 'x' WHERE channel = 'sms'")
    with pytest.raises(CommandError) as found:
        rehearse()
    assert "1 rows of contacts_membership break list_and_member_are_of_one_organization" in str(found.value)
    assert "cannot be read with CREDENTIAL_KEYS" in str(found.value)
    assert scratch_databases() == []


def test_a_broken_backup_is_refused_and_the_scratch_database_dropped(tmp_path: Path) -> None:
    back_up(tmp_path / "whole.dump")
    whole = (tmp_path / "whole.dump").read_bytes()
    (tmp_path / "broken.dump").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CommandError, match="pg_restore failed"):
        rehearse("--dump", str(tmp_path / "broken.dump"))
    assert scratch_databases() == []
