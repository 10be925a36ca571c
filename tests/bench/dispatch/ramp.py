"""How soon all workers are at work: `python -m tests.bench.dispatch.ramp --workers 8`, with DATABASE_URL set.

100,000 text messages in 100 batches are due at one instant. The provider takes 50 ms for a message and 32 at a time
from a process. A sweep finds the batches and wakes one worker. Printed: how long after the instant the first, half of
and all worker processes hold a batch, and how many messages are sent a second in the 15 s after.
"""

import argparse
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.stage.alone import own_installation

BATCHES: Final = 100
LATENCY_SECONDS: Final = 0.05
# Beat and all workers have started by then.
DUE_IN: Final = timedelta(seconds=30)
PACE_SECONDS: Final = 15.0


def measure(workers: int, logs: Path) -> None:
    from distributor.engine.infrastructure.clock import database_now
    from distributor.models import Batch
    from distributor.models.batch import BatchState
    from tests.bench.dispatch.our_dispatch import accept_calls
    from tests.bench.stage.accounts import at_twilio
    from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
    from tests.bench.stage.database import fill_contacts, set_stage
    from tests.bench.stage.live_stack import ALL_QUEUES, live_stack
    from tests.bench.stage.processes import worker_command
    from tests.bench.stage.stand_ins import peer_running

    stage, count = set_stage(), BATCHES * CALL_SIZE
    fill_contacts(stage, count)
    os.environ["PUBLIC_BASE_URL"] = "https://surveys.example"  # Twilio accepts no callback URL whose host has no dot
    with peer_running("twilio", latency_seconds=LATENCY_SECONDS) as peer:
        accept_calls(at_twilio(stage, peer.url), ContactSupply(count), BATCHES, logs / "web.log")
        due_at = database_now() + DUE_IN
        Batch.objects.filter(state=BatchState.WAITING).update(due_at=due_at)
        command = worker_command(ALL_QUEUES)
        command[command.index("--concurrency") + 1] = str(workers)
        with live_stack(logs, "ramp", [command]):
            reached = _watch(workers, due_at)
            pace = _pace()
    for number in sorted({1, (workers + 1) // 2, workers}):
        print(f"{number} of {workers} at work {reached[number]:.2f} s after the instant")
    print(f"{pace:,.0f} messages a second from then on")


def _pace() -> float:
    """Return how many messages are settled a second, for PACE_SECONDS."""
    from distributor.models import Recipient
    from distributor.models.recipient import RecipientState

    waiting = Recipient.objects.filter(state=RecipientState.WAITING)
    began_at_seconds, count = time.monotonic(), waiting.count()
    time.sleep(PACE_SECONDS)
    return (count - waiting.count()) / (time.monotonic() - began_at_seconds)


def _watch(workers: int, due_at: datetime) -> dict[int, float]:
    """Return by number of workers after how many seconds so many held a batch."""
    from distributor.engine.infrastructure.clock import database_now
    from distributor.models import Batch

    reached: dict[int, float] = {}
    while len(reached) < workers:
        now = database_now()
        at_work = Batch.objects.filter(lease_expires_at__gt=now).count()
        for number in range(len(reached) + 1, min(at_work, workers) + 1):
            reached[number] = (now - due_at).total_seconds()
        if now > due_at + timedelta(seconds=120):
            raise TimeoutError(f"only {len(reached)} of {workers} are at work")
        time.sleep(0.02)
    return reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=8)
    wanted = parser.parse_args()
    with own_installation(ALLOWED_HOSTS="*"), TemporaryDirectory() as logs:
        measure(wanted.workers, Path(logs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
