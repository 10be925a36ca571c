"""Whether this process may work: the database knows every hand-over that the journal knows, and is not recovering.

The journal is compared when a process starts and with each new connection: a restored database ends the old ones. It
is compared every ten seconds too, and before each task this process's own last hand-over is looked up: that notices a
restore into a database whose connections stayed open.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from django.db import connection

from distributor.engine.infrastructure.installation import find_installation
from distributor.engine.journal.files import journal_folder
from distributor.engine.journal.write import last_journalled
from distributor.engine.recovery.gap import has_gap
from distributor.engine.recovery.recover import recover_memory

logger = structlog.get_logger(__name__)


_ASK = """
SELECT EXISTS (SELECT FROM distributor_installation WHERE recovering_since IS NOT NULL),
    %(last)s::uuid IS NULL OR EXISTS (SELECT FROM distributor_handover WHERE id = %(last)s)
"""


class _State:
    """The connection on which this process has last compared the journal."""

    connection: Any = None


def may_work(clock: Callable[[], datetime]) -> bool:
    """Return whether sending, and making recipients, is safe. Compares the journal first where that is due."""
    if journal_folder() is None:
        return True
    connection.ensure_connection()
    if _State.connection is not connection.connection:
        compare_journal(clock())
    is_recovering, knows_last = _ask_database()
    if not knows_last:
        compare_journal(clock())
        is_recovering, _ = _ask_database()
    return not is_recovering


def _ask_database() -> tuple[bool, bool]:
    """Return whether it recovers, and whether it knows this process's last hand-over: one query, 0.2 ms."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, {"last": last_journalled()})
        is_recovering, knows_last = cursor.fetchone()
    return is_recovering, knows_last


def compare_journal(now: datetime) -> None:
    """Compare the journal with the database, and begin to recover if the database has forgotten something.

    A folder that cannot be read is reported and holds nothing up, like one that cannot be written.
    """
    folder = journal_folder()
    if folder is None:
        return
    # Not the cached code: another database may have been put behind the address.
    installation = find_installation().code
    try:
        if has_gap(folder, installation):
            recover_memory(folder, installation, now)
    except OSError as error:
        logger.error("journal_not_read", error=str(error))
    _State.connection = connection.connection
