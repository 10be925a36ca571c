"""Requests per second by size of the call: single send with one recipient, quick with 1 to 1,000 contacts.

The product, the naive view of the same call, and the floor behind our front door take turns in short slices. All
contacts are new, because the floor copies its rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson

from distributor.models import Recipient
from tests.bench.models import RivalRecipient
from tests.bench.rounds import Rounds
from tests.bench.stage.clients import Load
from tests.bench.stage.contact_supply import ContactSupply, person
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.web import Web, web_server

SIZES = (1, 10, 100, 1_000)
ROUNDS = 3
SLICE_SECONDS = 2.0
WARM_UP_CALLS = 40
# By size, about as many calls as the fastest manages in a slice. A faster one ends before the slice does.
MOST_CALLS = {1: 2_000, 10: 1_000, 100: 400, 1_000: 100}
RATE = "requests_per_second"
SINGLE_SEND, QUICK = "n", "o"


@dataclass(frozen=True)
class Side:
    """One of the three sides. The names of its figures are the scenario's letter and `suffix`."""

    suffix: str
    prefix: str
    is_stock: bool
    recipients: type[Recipient] | type[RivalRecipient]


SIDES = [
    Side("", "", False, Recipient),
    Side("n", "/bench/naive", True, RivalRecipient),
    Side("f", "/bench/copy", False, Recipient),
]


def measure_call_sizes(
    stage: Stage,
    supply: ContactSupply,
    scenarios: Sequence[str],
    logs: Path,
    *,
    rounds: int = ROUNDS,
    slice_seconds: float = SLICE_SECONDS,
    between: Callable[[], None] = lambda: None,
) -> Rounds:
    """Return requests/s: `n`, `nn`, `nf` of single send; `o`, `on`, `of` of quick, by the number of contacts.

    `between` is called after each round.
    """
    measured = Rounds()
    with web_server(stage, logs / "web.log") as ours, web_server(stage, logs / "rivals.log", is_stock=True) as stock:
        calls = [(QUICK, f"{size}_contacts_{RATE}", size) for size in SIZES if QUICK in scenarios]
        if SINGLE_SEND in scenarios:
            calls.insert(0, (SINGLE_SEND, RATE, 1))
        for name, figure, size in calls:
            bodies = partial(call_bodies, name, ours, stage, supply, size)
            for side in SIDES:
                web = stock if side.is_stock else ours
                warm_up = bodies(WARM_UP_CALLS if size < 1_000 else 4)
                web.post(call_path(name, stage, side.prefix), warm_up, limit_seconds=60)
            for number in range(rounds):
                settle_disk()
                for side in SIDES[:: -1 if number % 2 else 1]:
                    web, path = stock if side.is_stock else ours, call_path(name, stage, side.prefix)
                    load = _call(web, path, bodies(MOST_CALLS[size]), side, size, slice_seconds)
                    measured.add(name + side.suffix, {figure: load.per_second(1)})
                between()
    return measured


def _call(web: Web, path: str, bodies: Sequence[bytes], side: Side, size: int, seconds: float) -> Load:
    """Run a slice of calls. Raises RuntimeError if recipients are missing."""
    count_before = side.recipients._default_manager.count()
    load = web.post(path, bodies, seconds)
    written = side.recipients._default_manager.count() - count_before
    if written != load.calls * size:
        raise RuntimeError(f"{load.calls} calls of {size} left {written} recipients")
    return load


def call_path(name: str, stage: Stage, prefix: str = "") -> str:
    """Return the path of single send or quick, by default the product's."""
    if name == SINGLE_SEND:
        return f"{prefix}/v1/distributions/send"
    return f"{prefix or '/api'}/surveys/{stage.survey_id}/distributions/quick"


def call_bodies(name: str, web: Web, stage: Stage, supply: ContactSupply, size: int, count: int) -> list[bytes]:
    """Return `count` bodies of single send or quick, with new contacts."""
    if name == SINGLE_SEND:
        return [_single_send(stage, *supply.take(1, new_share=1.0)) for _ in range(count)]
    return web.bodies(supply, count, size, new_share=1.0)


def _single_send(stage: Stage, number: int) -> bytes:
    known = person(number, year=2026)
    recipient = {
        "email": known["email"],
        "name": f"{known['firstName']} {known['lastName']}",
        "locale": "en",
        "attributes": known["embeddedData"],
    }
    return orjson.dumps({"form_id": stage.survey_id, "recipients": [recipient]})
