"""One simulated month on one database."""

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Self

from django.db import connection

from channels.providers.registry import PROVIDERS
from tests.simulation.meddling import Meddling
from tests.simulation.month import Month
from tests.simulation.oracle import Oracle
from tests.simulation.outcome import Outcome
from tests.simulation.population import DAYS, FIRST_DAY, found_houses, plan_calls
from tests.simulation.provider import KINDS
from tests.simulation.reckoning import reckon
from tests.simulation.silences import Silences

# What waits for more than a fortnight after the last day is stuck.
PATIENCE = timedelta(days=60)
MEDDLED_SHARE = 0.006


class _Errors(logging.Handler):
    """What the product itself calls an error: a fault, because nothing in this world should bring one about."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(str(record.msg)[:500])


@contextmanager
def _simulated_providers() -> Iterator[None]:
    PROVIDERS.update(KINDS)
    try:
        yield
    finally:
        for kind in KINDS:
            del PROVIDERS[kind]


def simulate(recipients: int, seed: int, houses: int = 6, liveliness: float = 1.0) -> Outcome:
    """Thirty days for so many recipients, and as long as it takes until nobody waits.

    The seed draws the people, the calls, the providers' troubles, what is done in the middle, and the product's own
    draws (jitter, whose turn it is). `liveliness`: how much more often than once in 220 messages people do something.
    """
    began = time.monotonic()
    draw = random.Random(seed)
    random.seed(seed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [seed % 1_000 / 1_000])
    there = found_houses(draw, houses, recipients)
    oracle = Oracle(Silences(FIRST_DAY.date(), (FIRST_DAY + timedelta(days=DAYS) + PATIENCE).date()))
    month = Month(FIRST_DAY, draw, oracle)
    meddling = Meddling(month, liveliness)
    for plan in plan_calls(draw, there, recipients):
        month.at(plan.at, partial(meddling.call, plan))
    for house in there:
        for person in draw.sample(house.people, int(len(house.people) * MEDDLED_SHARE)):
            moment = FIRST_DAY + timedelta(minutes=draw.randrange(DAYS * 1_440))
            month.at(moment, partial(meddling.meddle_with, person))
    prepared = time.monotonic()
    with _simulated_providers(), _Errors() as errors:
        month.pass_time()
    passed = time.monotonic()
    faults = [*oracle.faults, *errors.lines, *reckon(month.campaigns)]
    counts = {
        "distributions": len(month.campaigns),
        "recipients": len(month.journeys),
        "skipped": sum(campaign.skipped for campaign in month.campaigns),
        "judged": oracle.judged,
        **month.counts,
    }
    return Outcome(faults, counts, (prepared - began, passed - prepared, time.monotonic() - passed))
