"""Contacts accepted per second: three ways to take the same calls over HTTP, and the floor under them."""

import os
from dataclasses import dataclass

import psycopg

from contacts.ids import new_id
from distributor.models import Recipient
from tests.bench.clients import CLIENTS, run_in_parallel
from tests.bench.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.copied_rows import CONTACT_ROWS, RECIPIENT_ROWS, contact_lines, recipient_lines
from tests.bench.database import Stage, settle_disk
from tests.bench.models import RivalRecipient
from tests.bench.web import Web

# The headline is half and half; the other two say which half costs what.
MIXES = {"mixed": 0.5, "new": 1.0, "existing": 0.0}
WARM_UP_CALLS, WARM_UP_SIZE = 16, 10
LIMIT_SECONDS = 10.0
FLOOR_MOST_CALLS = 500


@dataclass(frozen=True)
class Door:
    """A way to take a call. `most_calls` is more than it manages in the time."""

    prefix: str
    recipients: type[Recipient] | type[RivalRecipient]
    most_calls: int


DOORS = {
    "a": Door("/bench/naive", RivalRecipient, most_calls=40),
    "b": Door("/bench/bulk", RivalRecipient, most_calls=150),
    "c": Door("/api", Recipient, most_calls=500),
}


def measure_door(web: Web, door: Door, supply: ContactSupply) -> dict[str, float]:
    """Contacts/s for each mix. Raises RuntimeError when a call fails or recipients are missing."""
    web.send(door.prefix, web.bodies(supply, WARM_UP_CALLS, WARM_UP_SIZE, new_share=0.5), limit_seconds=60)
    figures = {}
    for mix, new_share in MIXES.items():
        bodies = web.bodies(supply, door.most_calls, CALL_SIZE, new_share)
        settle_disk()
        count_before = door.recipients._default_manager.count()
        load = web.send(door.prefix, bodies, LIMIT_SECONDS)
        written = door.recipients._default_manager.count() - count_before
        if written != load.calls * CALL_SIZE:
            raise RuntimeError(f"{load.calls} calls of {CALL_SIZE} contacts left {written} recipients")
        figures[f"{mix}_contacts_per_second"] = load.per_second(CALL_SIZE)
    return figures


def measure_floor(stage: Stage, supply: ContactSupply) -> dict[str, float]:
    """Contacts/s of COPY alone: the same rows into the same tables, 1,000 a transaction, no HTTP, no question asked.

    All contacts are new: COPY cannot update.
    """
    blocks = [_floor_block(stage, supply.take(CALL_SIZE, new_share=1.0)) for _ in range(FLOOR_MOST_CALLS)]
    copiers = [Copier() for _ in range(CLIENTS)]
    settle_disk()
    load = run_in_parallel([copier.copy for copier in copiers], blocks, LIMIT_SECONDS)
    return {"new_contacts_per_second": load.per_second(CALL_SIZE)}


class Copier:
    """One of the floor's connections."""

    def __init__(self) -> None:
        self._database = psycopg.connect(os.environ["DATABASE_URL"])

    def copy(self, block: tuple[bytes, bytes]) -> None:
        with self._database.transaction(), self._database.cursor() as cursor:
            for statement, lines in zip((CONTACT_ROWS.statement, RECIPIENT_ROWS.statement), block, strict=True):
                with cursor.copy(statement.encode()) as copy:
                    copy.write(lines)


def _floor_block(stage: Stage, numbers: list[int]) -> tuple[bytes, bytes]:
    ids = [new_id() for _ in numbers]
    return (
        contact_lines(ids, numbers, stage.organization_id, year=2026),
        recipient_lines(ids, numbers, new_id(), year=2026),
    )
