"""The journal: written before the provider is called, whole after a crash, and never in the way of sending."""

import os
from pathlib import Path
from time import time

import pytest
from django.conf import LazySettings

from contacts.channel import Channel
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journal.files import find_files, read_last_line, read_lines
from distributor.engine.journal.lines import decode_line, prove_code
from distributor.engine.journal.write import close_journal
from distributor.engine.recovery.memory import compare_journal
from distributor.engine.recovery.status import read_memory_status
from distributor.models import Handover, Installation, Recipient
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch, totals_of
from tests.support.engine.restores import LedgerSandbox

pytestmark = pytest.mark.django_db


def test_a_handover_is_written_down_before_the_provider_is_called(
    send: Send, ledger: dict[str, int], journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def look_and_fail(*_: object) -> None:
        seen.extend(find_files(journal))
        raise ZeroDivisionError

    monkeypatch.setattr(LedgerSandbox, "send_checked", look_and_fail)
    send(3)
    dispatch()
    [file] = set(seen)
    [(_, line)] = list(read_lines(file, decode_line))[:1]
    recipients = Recipient.objects.order_by("pk")
    assert [tuple(attempt) for attempt in line.attempts] == [
        (recipient.pk, prove_code(recipient.code), 1) for recipient in recipients
    ]
    handover = Handover.objects.order_by("begun_at").first()
    assert handover is not None
    assert (line.handover_id, line.at) == (handover.pk, handover.begun_at)


def test_it_holds_no_address_name_or_link(send: Send, ledger: dict[str, int], journal: Path) -> None:
    accepted = send(1, Channel.EMAIL)
    dispatch()
    text = find_files(journal)[0].read_text()
    for secret in ("person0", "example.com", "Person 0", accepted.recipients[0].code):
        assert secret not in text
    assert find_files(journal)[0].stat().st_mode & 0o077 == 0


def test_a_line_that_a_power_cut_has_torn_is_left_out(send: Send, ledger: dict[str, int], journal: Path) -> None:
    send(1)
    dispatch()
    [file] = find_files(journal)
    whole = read_last_line(file, decode_line)
    with file.open("ab") as tail:
        tail.write(b'{"handover":"0190b5a0-')
    assert read_last_line(file, decode_line) == whole
    assert [line for _, line in read_lines(file, decode_line)] == [whole]
    compare_journal(database_now())
    assert read_memory_status(database_now()).recovering_since is None


def test_old_files_are_deleted_when_a_new_one_is_begun(send: Send, ledger: dict[str, int], journal: Path) -> None:
    journal.mkdir()
    for name, age_days in (("old", 31), ("recent", 29)):
        file = journal / f"{name}.jsonl"
        file.touch()
        os.utime(file, (0, time() - age_days * 86_400))
    send(1)
    dispatch()
    assert {file.stem for file in find_files(journal)} & {"old", "recent"} == {"recent"}


def test_sending_goes_on_if_it_cannot_be_written_and_the_operator_is_told(
    send: Send, ledger: dict[str, int], settings: LazySettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    settings.JOURNAL_FOLDER = str(blocked)
    accepted = [send(1) for _ in range(2)]
    dispatch()
    assert [totals_of(each) for each in accepted] == [{"sent": 1}] * 2
    assert read_memory_status(database_now()).journal.startswith("not written at")
    assert sum("journal_not_written" in record.getMessage() for record in caplog.records) == 1
    compare_journal(database_now())  # it cannot be read, either

    blocked.unlink()
    send(1)
    dispatch()
    assert read_memory_status(database_now()).journal == "ok"
    assert Installation.objects.get().journal_failed_at is None


def test_without_a_folder_nothing_is_written(send: Send, ledger: dict[str, int], settings: LazySettings) -> None:
    settings.JOURNAL_FOLDER = ""
    close_journal()
    accepted = send(1)
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
    assert read_memory_status(database_now()).journal == "off"
