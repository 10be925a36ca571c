"""Contacts accepted per second: three implementations of the same HTTP call, and the floor under them.

They take turns in short slices, so that other load on the machine slows all of them alike.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from contacts.ids import new_id
from distributor.models import Recipient
from tests.bench.models import RivalRecipient
from tests.bench.rounds import Rounds
from tests.bench.stage.clients import CLIENTS, Load, run_in_parallel
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.copied_rows import CONTACT_ROWS, RECIPIENT_ROWS, contact_lines, recipient_lines
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.web import Web, web_server

# Shares of new contacts. The headline figure is the mixed one; the others show what each half costs.
MIXES = {"mixed": 0.5, "new": 1.0, "existing": 0.0}
# What a door's `most_calls` are for.
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


@dataclass(frozen=True)
class Turns:
    """How often everything takes its turn, and how long a turn is."""

    rounds: int = 3
    slice_seconds: float = SLICE_SECONDS
    # By scenario, where not all of its door's.
    mixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # What is called after each round.
    between: Callable[[], None] = lambda: None


def measure_acceptance(
    stage: Stage, supply: ContactSupply, scenarios: Sequence[str], logs: Path, turns: Turns = Turns()
) -> Rounds:
    """Return the contacts/s of each scenario and mix. Raises RuntimeError if a call fails or recipients are missing."""
    doors = {name: door for name, door in DOORS.items() if name in scenarios}
    rounds = Rounds()
    with web_server(stage, logs / "web.log") as ours, web_server(stage, logs / "rivals.log", is_stock=True) as rivals:
        webs = {name: ours if door.recipients is Recipient else rivals for name, door in doors.items()}
        for name, door in doors.items():
            bodies = webs[name].bodies(supply, WARM_UP_CALLS, WARM_UP_SIZE, MIXES[door.mixes[0]])
            webs[name].send(door.prefix, bodies, limit_seconds=60)
        for number in range(turns.rounds):
            # Every second round begins with what was last in the one before: being first is no advantage.
            names = list(doors)[:: -1 if number % 2 else 1]
            for mix in MIXES:
                for name in names:
                    if mix in turns.mixes.get(name, doors[name].mixes):
                        load = _call(webs[name], doors[name], supply, MIXES[mix], turns.slice_seconds)
                        rounds.add(name, {f"{mix}_contacts_per_second": load.per_second(CALL_SIZE)})
            if FLOOR in scenarios:
                load = _copy(stage, supply, turns.slice_seconds)
                rounds.add(FLOOR, {"new_contacts_per_second": load.per_second(CALL_SIZE)})
            turns.between()
    return rounds


def _call(web: Web, door: Door, supply: ContactSupply, new_share: float, seconds: float) -> Load:
    """Run a slice of calls against one implementation."""
    bodies = web.bodies(supply, _most(door.most_calls, seconds), CALL_SIZE, new_share)
    settle_disk()
    count_before = door.recipients._default_manager.count()
    load = web.send(door.prefix, bodies, seconds)
    written = door.recipients._default_manager.count() - count_before
    if written != load.calls * CALL_SIZE:
        raise RuntimeError(f"{load.calls} calls of {CALL_SIZE} contacts left {written} recipients")
    return load


def _copy(stage: Stage, supply: ContactSupply, seconds: float) -> Load:
    """Run a slice of COPY alone: the same rows into the same tables, 1,000 per transaction, without HTTP or queries.

    All contacts are new: COPY cannot update.
    """
    count = _most(FLOOR_MOST_CALLS, seconds)
    blocks = [_floor_block(stage, supply.take(CALL_SIZE, new_share=1.0)) for _ in range(count)]
    copiers = [Copier() for _ in range(CLIENTS)]
    settle_disk()
    return run_in_parallel([copier.copy for copier in copiers], blocks, seconds)


def _most(calls: int, seconds: float) -> int:
    return max(CLIENTS, round(calls * seconds / SLICE_SECONDS))


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
