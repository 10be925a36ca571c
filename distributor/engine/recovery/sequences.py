"""Move the sequence of recipients' ids beyond those that were handed over.

An attempt's id, and with it its idempotency key and Message-ID, is made of the recipient's id. After a restore the
database would give the ids of forgotten recipients again: a provider would then take a new person's message for one
that it has sent.
"""

from collections.abc import Mapping, Sequence

from django.db import connection

from distributor.engine.infrastructure.sql_params import rows_of
from distributor.partitions.tables import WIDTH

_MOVE_SEQUENCE = """
SELECT setval(pg_get_serial_sequence('distributor_recipient', 'id'), greatest(%s,
    (SELECT coalesce(last_value, 0) FROM pg_sequences
     WHERE schemaname = current_schema AND sequencename = 'distributor_recipient_id_seq'), 1))
"""
# Partitions of events that may have begun between the backup and the restore: a year and a half of them.
_PARTITIONS = 100
_PLACES = 1_000_000_000
_SKIP_EVENTS = """
SELECT setval(name::regclass, nextval(name::regclass) + skipped)
FROM (VALUES (pg_get_serial_sequence('distributor_eventbundle', 'id'), %s), ('distributor_event_position', %s))
    AS sequence(name, skipped)
"""
# Recipients who got a forgotten one's id between the restore and its discovery: their next attempt gets a new number.
_SKIP_NUMBERS = """
UPDATE distributor_recipient r SET attempt_count = used.number
FROM json_to_recordset(%s) AS used(recipient_id bigint, number smallint)
WHERE r.id = used.recipient_id AND r.attempt_count < used.number
"""


def move_recipient_ids_beyond(recipient_id: int) -> None:
    """Let new recipients get ids above this one."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_SEQUENCE, [recipient_id])


def skip_used_event_numbers() -> None:
    """Let new events get ids and places far above those that callers may have got before the restore.

    With an id that was used, a receiver would take a new event for one that it knows; with a place below a reader's
    cursor, the reader would never see it. How many were given since the backup is not known: a thousand million places
    are skipped, of 9,000,000,000 times as many, and the ids of a hundred partitions, of 900 million.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SKIP_EVENTS, [_PARTITIONS * WIDTH, _PLACES])


def skip_used_numbers(used: Sequence[Mapping[str, int]]) -> None:
    """Let the next attempts of recipients, given as `recipient_id` and `number`, get numbers above these."""
    if used:
        with connection.cursor() as cursor:
            cursor.execute(_SKIP_NUMBERS, [rows_of(list(used))])
