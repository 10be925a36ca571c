"""The running stack: workers and beat, as `make run` starts them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch, Heartbeat
from distributor.models.batch import BatchState, Lane
from tests.bench.stage.processes import beat_command, running, wait_until, worker_command
from tests.bench.stage.servers import empty_broker

ALL_QUEUES = ",".join([*Lane.values, "system"])


@contextmanager
def live_stack(
    logs: Path, name: str, workers: Sequence[list[str]] = (worker_command(ALL_QUEUES),)
) -> Iterator[Callable[[], None]]:
    """Run beat and the workers of these commands, by default one with two processes. Yields once both are alive."""
    empty_broker(os.environ["REDIS_URL"])
    started_at = database_now()
    with ExitStack() as stack:
        beat = running(beat_command(logs / "beat-schedule"), {}, logs / f"beat-for-{name}.log")
        checks = [stack.enter_context(beat)]
        for number, worker in enumerate(workers, 1):
            log = logs / f"worker-{number}-for-{name}.log"
            checks.append(stack.enter_context(running(worker, {}, log)))

        def check() -> None:
            for check_process in checks:
                check_process()

        wait_until(lambda: _is_alive(started_at), check)
        yield check


def _is_alive(since: datetime) -> bool:
    return Heartbeat.objects.filter(beat_at__gt=since).exists()


def waits(lane: Lane) -> bool:
    return Batch.objects.filter(state=BatchState.WAITING, lane=lane).exists()


def is_drained() -> bool:
    return not Batch.objects.filter(state=BatchState.WAITING).exists()
