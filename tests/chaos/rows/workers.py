"""Workers that are killed, frozen and stopped."""

import signal

from tests.chaos.product.programs import WORKERS
from tests.chaos.registry import row
from tests.chaos.trial import Trial

# What two workers have at an SMTP relay at once: 100 messages each (channels/providers/smtp/provider.py).
IN_FLIGHT = 200


@row("calm", "no fault: the base line", is_short=True)
def let_run(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    with trial.fault():
        trial.accept(900)


@row("worker killed", "kill -9 of both workers, three times in mid-campaign", risk=3 * IN_FLIGHT, is_short=True)
def kill_workers(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.1)
    trial.accept(1_500)
    with trial.fault():
        for times in (1, 2, 3):
            trial.wait_for_messages(150 * times)
            trial.stack.programs.stop(*WORKERS, is_hurried=True)
            trial.skip_leases()
            trial.stack.programs.start(*WORKERS)


@row(
    "worker frozen",
    "SIGSTOP of a worker in mid-call for longer than its lease, then SIGCONT",
    risk=IN_FLIGHT,
    is_short=True,
)
def freeze_worker(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.2)
    trial.stack.programs.stop(*WORKERS)
    trial.accept(900, call_size=900)
    with trial.fault():
        trial.stack.programs.start("worker")
        trial.wait_for_messages(10)
        trial.stack.programs.signal("worker", signal.SIGSTOP)
        trial.skip_leases()
        before = len(trial.taken)
        trial.stack.programs.start("worker-2")
        # Only the other worker sends now, and it has enough left for the frozen one to get in its way.
        trial.wait_for_messages(before + 50, limit_seconds=120)
        trial.stack.programs.signal("worker", signal.SIGCONT)
