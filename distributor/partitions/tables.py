"""Which tables are partitioned, by which key, and how much time a partition spans."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# Ids of one partition: bounds are multiples of it. 900 million partitions fit into a bigint.
WIDTH: Final = 10_000_000_000
# No new partition is begun beyond these: the last one goes on. Statements that read all partitions plan each of them.
MOST_PARTITIONS: Final = 60


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table that is partitioned by ranges of `key`.

    The key holds ids of `id_table`, whose rows tell by `born_at` when an id was given. About every `period` that
    table's sequence moves on to the next partition.
    """

    name: str
    key: str
    id_table: str
    born_at: str
    period: timedelta


ATTEMPTS: Final = PartitionedTable(
    "distributor_attempt", "recipient_id", "distributor_recipient", "created_at", timedelta(days=30)
)
# All are kept for 30 days (engine/events/expiry.py), so more than seven are seldom there.
EVENT_BUNDLES: Final = PartitionedTable(
    "distributor_eventbundle", "id", "distributor_eventbundle", "at", timedelta(days=5)
)
PARTITIONED: Final = (ATTEMPTS, EVENT_BUNDLES)
