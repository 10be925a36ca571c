"""Messages per second of other job queues to a provider that does nothing, with two worker processes each."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.peers.hand_queue import fill_queue
from tests.bench.peers.recipients import rival_recipients, sent_of
from tests.bench.peers.watch import watch_rate
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.processes import PROCESSES, running

# By settings module, the worker's options: its defaults, and as many jobs at a time as two processes can use.
PROCRASTINATE = {"tests.bench.settings.default": [], "tests.bench.settings": ["--concurrency", "4"]}
DRAMATIQ = {"tests.bench.settings.default": [], "tests.bench.settings": ["--threads", "2"]}
BY_HAND = {"tests.bench.settings.default": [], "tests.bench.settings": ["--tuned"]}


def drain_procrastinate(stage: Stage, supply: ContactSupply, count: int, settings: str, logs: Path) -> float:
    """(xp) Defer all jobs, then let two workers run them."""
    from tests.bench.peers.procrastinate_tasks import send_one

    recipients = rival_recipients(supply.take(count, new_share=0.0))
    jobs: list[dict[str, Any]] = [
        {"recipient_id": recipient.id, "template_id": str(stage.django_template_id)} for recipient in recipients
    ]
    send_one.batch_defer(*jobs)
    settle_disk()
    worker = [sys.executable, "manage.py", "procrastinate", "worker", "--queues", "bench", *PROCRASTINATE[settings]]
    with _both(worker, settings, logs / "procrastinate") as check:
        return watch_rate(sent_of(recipients).count, count, check)


def drain_dramatiq(stage: Stage, supply: ContactSupply, count: int, settings: str, logs: Path) -> float:
    """(xd) Enqueue all messages, then let a worker with two processes run them."""
    from tests.bench.peers.dramatiq_tasks import send_one

    recipients = rival_recipients(supply.take(count, new_share=0.0))
    for recipient in recipients:
        send_one.send(recipient.id, str(stage.django_template_id))
    settle_disk()
    worker = [sys.executable, "-m", "dramatiq", "tests.bench.peers.dramatiq_tasks", "--queues", "bench"]
    command = [*worker, "--processes", str(PROCESSES), *DRAMATIQ[settings]]
    with running(command, {"DJANGO_SETTINGS_MODULE": settings}, logs / "dramatiq.log") as check:
        return watch_rate(sent_of(recipients).count, count, check)


def drain_by_hand(limit: int) -> Callable[[Stage, ContactSupply, int, str, Path], float]:
    """(x1, x100) Return how to drain a table of jobs by two workers that lock so many rows at a time."""

    def drain(stage: Stage, supply: ContactSupply, count: int, settings: str, logs: Path) -> float:
        recipients = rival_recipients(supply.take(count, new_share=0.0))
        fill_queue([recipient.id for recipient in recipients], stage.django_template_id)
        settle_disk()
        worker = [sys.executable, "-m", "tests.bench.peers.hand_queue", "--limit", str(limit), *BY_HAND[settings]]
        with _both(worker, settings, logs / "hand-queue") as check:
            return watch_rate(sent_of(recipients).count, count, check)

    return drain


@contextmanager
def _both(worker: list[str], settings: str, log: Path) -> Iterator[Callable[[], None]]:
    """Run the worker in two processes."""
    environment = {"DJANGO_SETTINGS_MODULE": settings}
    with ExitStack() as stack:
        checks = [
            stack.enter_context(running(worker, environment, log.with_name(f"{log.name}-{number}.log")))
            for number in range(PROCESSES)
        ]

        def check() -> None:
            for check_process in checks:
                check_process()

        yield check
