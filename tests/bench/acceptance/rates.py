"""Contacts accepted per second: three implementations of the same HTTP call, and the floor under them.

They take turns in short slices, so that other load on the machine slows all of them alike.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from contacts.ids import new_id
from distributor.models import Recipient
from tests.bench.models import RivalRecipient
from tests.bench.stage.clients import CLIENTS, Load, run_in_parallel
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.copied_rows import CONTACT_ROWS, RECIPIENT_ROWS, contact_lines, recipient_lines
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.web import Web, web_server

# Shares of new contacts. The headline figure is the mixed one; the others show what each half costs.
MIXES = {"mixed": 0.5, "new": 1.0, "existing": 0.0}
ROUNDS = 3
SLICE_SECONDS = 3.0
WARM_UP_CALLS, WARM_UP_SIZE = 16, 10
FLOOR_MOST_CALLS = 250


@dataclass(frozen=True)
class Door:
    """An implementation of the call. `most_calls` is more than it manages in a slice."""

    prefix: str
    recipients: type[Recipient] | type[RivalRecipient]
    most_calls: int
    mixes: Sequence[str] = tuple(MIXES)  # COPY cannot update


DOORS = {
    "a": Door("/bench/naive", RivalRecipient, most_calls=8),
    "b": Door("/bench/bulk", RivalRecipient, most_calls=40),
    "c": Door("/api", Recipient, most_calls=180),
    "m": Door("/bench/copy", Recipient, most_calls=250, mixes=("new",)),
}
FLOOR = "d"


def measure_acceptance(stage: Stage, supply: ContactSupply, scenarios: str, logs: Path) -> dict[str, dict[str, float]]:
    """Return the contacts/s of each scenario and mix. Raises RuntimeError if a call fails or recipients are missing."""
    doors = {name: door for name, door in DOORS.items() if name in scenarios}
    loads: dict[tuple[str, str], Load] = {}

    def measure(name: str, mix: str, run: Callable[[], Load]) -> None:
        loads[name, mix] = loads.get((name, mix), Load(0, 0.0)) + run()

    with web_server(stage, logs / "web.log") as ours, web_server(stage, logs / "rivals.log", is_stock=True) as rivals:
        webs = {name: ours if door.recipients is Recipient else rivals for name, door in doors.items()}
        for name, door in doors.items():
            bodies = webs[name].bodies(supply, WARM_UP_CALLS, WARM_UP_SIZE, MIXES[door.mixes[0]])
            webs[name].send(door.prefix, bodies, limit_seconds=60)
        for _ in range(ROUNDS):
            for mix, new_share in MIXES.items():
                for name, door in doors.items():
                    if mix not in door.mixes:
                        continue
                    measure(name, mix, partial(_call, webs[name], door, supply, new_share))
            if FLOOR in scenarios:
                measure(FLOOR, "new", lambda: _copy(stage, supply))
    figures: dict[str, dict[str, float]] = {}
    for (name, mix), load in loads.items():
        figures.setdefault(name, {})[f"{mix}_contacts_per_second"] = load.per_second(CALL_SIZE)
    return figures


def _call(web: Web, door: Door, supply: ContactSupply, new_share: float) -> Load:
    """Run a slice of calls against one implementation."""
    bodies = web.bodies(supply, door.most_calls, CALL_SIZE, new_share)
    settle_disk()
    count_before = door.recipients._default_manager.count()
    load = web.send(door.prefix, bodies, SLICE_SECONDS)
    written = door.recipients._default_manager.count() - count_before
    if written != load.calls * CALL_SIZE:
        raise RuntimeError(f"{load.calls} calls of {CALL_SIZE} contacts left {written} recipients")
    return load


def _copy(stage: Stage, supply: ContactSupply) -> Load:
    """Run a slice of COPY alone: the same rows into the same tables, 1,000 per transaction, without HTTP or queries.

    All contacts are new: COPY cannot update.
    """
    blocks = [_floor_block(stage, supply.take(CALL_SIZE, new_share=1.0)) for _ in range(FLOOR_MOST_CALLS)]
    copiers = [Copier() for _ in range(CLIENTS)]
    settle_disk()
    return run_in_parallel([copier.copy for copier in copiers], blocks, SLICE_SECONDS)


class Copier:
    """A connection that copies rows."""

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
