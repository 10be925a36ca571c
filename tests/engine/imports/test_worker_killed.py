"""A real worker, killed in the middle of an import: another finishes it, no row twice, none lost."""

import subprocess
from collections.abc import Callable

import pytest

from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.imports.read import read_next
from distributor.engine.infrastructure.clock import database_now
from distributor.models import FileImport
from distributor.models.file_import import ImportState
from tests.support.engine.imports import begin_import, counts_of, run_imports
from tests.support.engine.workers import connected, kill, start_worker, sweep_until

__all__ = ["start_worker"]
ROWS = 6_000


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_an_import_loses_no_row_and_doubles_none(
    organization: Organization, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    mailing_list = MailingList.objects.create(organization=organization, name="Guests")
    lines = (b"p%d@example.com,Person %d,B\n" % (number, number) for number in range(ROWS))
    row = begin_import(organization, b"email,first name,ward\n" + b"".join(lines), list_id=mailing_list.pk)

    def state() -> FileImport:
        return FileImport.objects.get(pk=row.pk)

    assert read_next(database_now)
    connected_before = connected()
    worker = start_worker()
    sweep_until(lambda: state().new_count > 0)
    kill(worker)
    sweep_until(lambda: connected() <= connected_before)
    written = Contact.objects.count()
    assert 0 < written < ROWS
    assert state().new_count == written

    run_imports()  # another worker
    assert state().state is ImportState.DONE
    assert counts_of(state()) == {"row": ROWS, "new": ROWS}
    assert Contact.objects.count() == Membership.objects.filter(mailing_list=mailing_list).count() == ROWS
