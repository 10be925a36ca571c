"""A neighbour's sends through a slow provider: how long another organisation's single sends wait beside them."""

import time
from functools import partial
from pathlib import Path
from uuid import UUID

from config.stack.product.programs import product_programs
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Handover, Recipient
from distributor.models.recipient import RecipientOutcome
from tests.bench.dispatch.noop import SLOW_SECONDS
from tests.bench.dispatch.punctuality import lags
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage
from tests.bench.stage.live_stack import live_stack
from tests.bench.stage.processes import free_port, wait_until
from tests.bench.stage.tenants import create_tenant, distribute, forget_waiting

SLOW_SENDS = 8
PAUSE_SECONDS = 1.0  # between two single sends, so that slow calls end and begin meanwhile


def measure_neighbour(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(r) Return the lags in seconds of `count` single sends, one after the other, beside 8 sends of another tenant.

    The two worker processes are those of `make run`. The other tenant's provider takes 30 s for each call, and a call
    is open all the time: RuntimeError otherwise.
    """
    forget_waiting()
    slow = create_tenant(stage, "slow", kind="slow")
    programs = product_programs("127.0.0.1", free_port(), beat_schedule=logs / "schedule")
    workers = [program.command for program in programs if program.name.startswith("worker")]
    singles: list[UUID] = []
    with live_stack(logs, "neighbour", workers) as check:
        for _ in range(SLOW_SENDS):
            distribute(slow, supply.take(1, new_share=1.0), database_now())
        wait_until(lambda: _slow_calls(slow, is_open=True) > 0, check)
        for _ in range(count):
            singles.append(distribute(stage, supply.take(1, new_share=1.0), database_now()))
            wait_until(partial(_has_left, singles[-1]), check, 2 * SLOW_SECONDS)
            time.sleep(PAUSE_SECONDS)
        ended = _slow_calls(slow, is_open=False)
        if ended == SLOW_SENDS:
            raise RuntimeError("the slow sends had ended before the last single send")
    forget_waiting()
    return {**lags(singles, count), "slow_calls_ended_meanwhile": ended}


def _has_left(distribution_id: UUID) -> bool:
    return Recipient.objects.filter(distribution_id=distribution_id, outcome=RecipientOutcome.SENT).exists()


def _slow_calls(slow: Stage, *, is_open: bool) -> int:
    return Handover.objects.filter(provider_account_id=slow.provider_id, settled_at__isnull=is_open).count()
