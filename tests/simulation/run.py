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
from tests.simulation.copies import check_copies, count_copies
from tests.simulation.final_checks import check_end
from tests.simulation.interventions import Interventions
from tests.simulation.month import Month
from tests.simulation.oracle import Oracle
from tests.simulation.outages import draw_outages
from tests.simulation.outcome import Outcome
from tests.simulation.population import DAYS, FIRST_DAY, create_tenants, plan_calls
from tests.simulation.provider import KINDS
from tests.simulation.quiet_periods import QuietPeriods

# A journey that waits this long after the last day is stuck.
PATIENCE = timedelta(days=60)
DISTURBED_SHARE = 0.01


class _Errors(logging.Handler):
    """Collect what the product logs as an error. Each is a fault: nothing in this world should cause one."""

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


def simulate(
    recipients: int,
    seed: int,
    tenants: int = 6,
    liveliness: float = 1.0,
    away_for: timedelta = timedelta(days=1),
    unreachable_for: timedelta = timedelta(days=1),
) -> Outcome:
    """Simulate thirty days for this many recipients, and then until no recipient waits.

    The seed determines the people, the calls, the providers' troubles, the interventions, and the product's own random
    choices (jitter, the order of organisations). With a `liveliness` of 1, a person reacts to one message in 220, and
    one person in 100 says no elsewhere, moves, or is suppressed or erased. Every account is away once, for
    `away_for`; one that nobody answers at, for `unreachable_for`.
    """
    began = time.monotonic()
    draw = random.Random(seed)
    random.seed(seed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [seed % 1_000 / 1_000])
    population = create_tenants(draw, tenants, recipients)
    oracle = Oracle(QuietPeriods(FIRST_DAY.date(), (FIRST_DAY + timedelta(days=DAYS) + PATIENCE).date()))
    plans = list(plan_calls(draw, population, recipients))
    month = Month(FIRST_DAY, draw, oracle, draw_outages(seed, plans, away_for, unreachable_for))
    interventions = Interventions(month, liveliness)
    for plan in plans:
        month.at(plan.at, partial(interventions.call, plan))
    for tenant in population:
        for person in draw.sample(tenant.people, int(len(tenant.people) * DISTURBED_SHARE * liveliness)):
            moment = FIRST_DAY + timedelta(minutes=draw.randrange(DAYS * 1_440))
            month.at(moment, partial(interventions.disturb, person))
    prepared = time.monotonic()
    with _simulated_providers(), _Errors() as errors:
        month.pass_time()
    passed = time.monotonic()
    faults = [*oracle.faults, *errors.lines, *check_end(month.campaigns), *check_copies(month.campaigns)]
    counts = {
        "distributions": len(month.campaigns),
        "recipients": len(month.journeys),
        "skipped": sum(campaign.skipped for campaign in month.campaigns),
        "judged": oracle.judged,
        **count_copies(month.campaigns),
        **month.counts,
    }
    return Outcome(faults, counts, (prepared - began, passed - prepared, time.monotonic() - passed))
