"""Give event bundles their places in an organisation's stream, when somebody reads it.

Ids are given before a commit, so a bundle with a smaller id may become visible later, and a reader that goes by ids
would miss it. Places are given to what is committed, by one transaction at a time. A bundle that becomes visible late
gets a later place, and none is missed, however long its transaction took.

Places keep the order of what happens to a recipient: of two transactions with the same recipient the second one waits
for the first one's lock, and takes the ids of its bundles after that. See docs/decisions/0055.
"""

from typing import Final
from uuid import UUID

from django.db import connection, transaction

# One pass takes about 50 ms.
BUNDLES_PER_PASS: Final = 5_000
# PostgreSQL keeps two-number advisory locks apart from those with one number, which the rest of the engine uses.
_LOCK_CLASS: Final = 20_262
_LOCK: Final = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
# A statement of its own: it sees what was committed until it got the lock.
_NUMBER: Final = """
WITH next AS MATERIALIZED (
    SELECT id, nextval('distributor_event_position') AS position FROM (
        SELECT id FROM distributor_eventbundle WHERE organization_id = %s AND position IS NULL ORDER BY id LIMIT %s
    ) unnumbered ORDER BY id
)
UPDATE distributor_eventbundle b SET position = next.position FROM next WHERE b.id = next.id
"""


def number_events(organization_id: UUID, limit: int = BUNDLES_PER_PASS) -> bool:
    """Give places to the bundles that have none. Return whether there may be more.

    While another reader does so, nothing is done.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [_LOCK_CLASS, str(organization_id)])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(_NUMBER, [organization_id, limit])
        return bool(cursor.rowcount == limit)
