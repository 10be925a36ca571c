"""Write lines into the journal. If that fails, sending goes on and the operator is told (decision 34)."""

from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

import structlog

from distributor.engine.journal.files import JournalFile, journal_folder
from distributor.engine.journal.lines import JournalLine
from distributor.models import Installation

logger = structlog.get_logger(__name__)

# A process reports at most once in this time that it cannot write. A report is outdated after twice the time.
REPORT_PERIOD = timedelta(minutes=1)


class _State:
    """What this process has open, and what it did last."""

    lock = Lock()  # a web process records noes on several threads
    file: JournalFile | None = None
    last_handover_id: UUID | None = None
    reported_at: datetime | None = None


def write_to_journal(line: JournalLine) -> None:
    """Append a hand-over. Call it after the hand-over is committed and before it is made."""
    if append_to_journal(line.encode(), line.at):
        _State.last_handover_id = line.handover_id


def append_to_journal(line: bytes, now: datetime) -> bool:
    """Append a line and wait until it is on the disk. Returns False if there is no journal, or if that failed."""
    folder = journal_folder()
    if folder is None:
        return False
    with _State.lock:
        try:
            if _State.file is None or not _State.file.serves(folder):
                close_journal()
                _State.file = JournalFile(folder)
            _State.file.append(line)
        except OSError as error:
            _report(now, error)
            close_journal()
            return False
    if _State.reported_at is not None:
        _State.reported_at = None
        Installation.objects.update(journal_failed_at=None, journal_fault="")
    return True


def last_journalled() -> UUID | None:
    """Return the last hand-over that this process has written down; None if there is none yet."""
    return _State.last_handover_id


def close_journal() -> None:
    """Close this process's file. The next line opens another one."""
    if _State.file is not None:
        _State.file.close()
    _State.file = None


def _report(now: datetime, error: OSError) -> None:
    if _State.reported_at is not None and now < _State.reported_at + REPORT_PERIOD:
        return
    _State.reported_at = now
    logger.error("journal_not_written", error=str(error))
    Installation.objects.update(journal_failed_at=now, journal_fault=str(error)[:255])
