"""Workers that are killed, frozen and stopped."""

import signal

from tests.chaos.product.programs import WORKERS
from tests.chaos.registry import row
from tests.chaos.rows.points import arm, await_point
from tests.chaos.trial import Trial

# What two workers have at an SMTP relay at once: 100 messages each (channels/providers/smtp/provider.py).
IN_FLIGHT = 200


@row("calm", "no fault: the base line")
def let_run(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.02)
    with trial.fault():
        trial.accept(600)


@row("workers killed", "kill -9 of both workers, three times in mid-campaign", risk=3 * IN_FLIGHT)
def kill_workers(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.05)
    trial.accept(3_000)
    with trial.fault():
        for times in (1, 2, 3):
            trial.wait_for_messages(400 * times, limit_seconds=120)
            # They are started again at once, and wait until the leases of the dead ones run out after 60 s.
            trial.stack.programs.kill(*WORKERS)


@row(
    "worker killed in mid-call",
    "kill -9 of both workers while messages are with the relay",
    risk=IN_FLIGHT,
    is_short=True,
)
def kill_in_mid_call(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.05)
    trial.accept(400)
    with trial.fault():
        trial.wait_for_messages(50)
        trial.stack.programs.stop(*WORKERS, is_hurried=True)
        trial.skip_leases()
        trial.stack.programs.start(*WORKERS)


@row("workers killed, SMS", "the same with Twilio, where nothing is ever sent twice", is_short=False)
def kill_workers_with_texts(trial: Trial) -> None:
    trial.stack.providers.script("twilio", latency_seconds=0.05)
    trial.accept(600, by="twilio")
    with trial.fault():
        trial.wait_for_messages(100)
        trial.stack.programs.stop(*WORKERS, is_hurried=True)
        trial.skip_leases()
        trial.stack.programs.start(*WORKERS)


@row("worker frozen", "SIGSTOP in mid-call for longer than the lease, then SIGCONT", risk=IN_FLIGHT)
def freeze_worker(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.05)
    trial.stack.programs.stop(*WORKERS)
    trial.accept(700, call_size=700)
    with trial.fault():
        trial.stack.programs.start("worker")
        trial.wait_for_messages(10)
        trial.stack.programs.signal("worker", signal.SIGSTOP)
        trial.skip_leases()
        trial.stack.programs.start("worker-2")
        # Only the other worker sends now, and it has enough left for the frozen one to get in its way.
        trial.wait_for_messages(len(trial.taken) + 100, limit_seconds=120)
        trial.stack.programs.signal("worker", signal.SIGCONT)


@row(
    "worker frozen before it begins",
    "SIGSTOP between claim and begin, past the lease; SIGCONT while another worker has the batch",
)
def freeze_before_begin(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.1)
    trial.stack.programs.stop(*WORKERS, is_hurried=True)
    trial.accept(500, call_size=500)
    for worker in WORKERS:
        trial.stack.programs.patch(worker, {"knows_accounts": True})
    arm(trial, "worker", "claimed", what="stop_at")
    with trial.fault():
        trial.stack.programs.start("worker")
        await_point(trial, "worker", "claimed")
        trial.skip_leases()
        trial.stack.programs.start("worker-2")
        trial.wait_for_messages(10)
        trial.stack.programs.signal("worker", signal.SIGCONT)


@row("rolling restart", "SIGTERM of one worker, the other and the web after one another, under load", limit_seconds=120)
def restart_everything(trial: Trial) -> None:
    trial.stack.providers.script("relay", latency_seconds=0.05)
    with trial.fault(), trial.accepting(1_500, call_size=50):
        trial.wait_for_messages(100)
        for name in (*WORKERS, "web", *WORKERS):
            trial.stack.programs.restart(name)
            trial.sleep(1)


@row("beat killed", "kill -9 of beat, which stays away for 10 s, and wake-ups lost meanwhile")
def kill_beat(trial: Trial) -> None:
    with trial.fault(), trial.accepting(600, call_size=20):
        trial.stack.programs.stop("beat", is_hurried=True)
        for _ in range(10):
            trial.stack.flush_broker()
            trial.sleep(1)
    trial.stack.programs.start("beat")


@row("two beats", "a second beat for the whole campaign")
def start_second_beat(trial: Trial) -> None:
    second = trial.stack.programs.add_second("beat")
    trial.stack.programs.start(second)
    trial.sleep(5)
    with trial.fault():
        trial.accept(600, call_size=50)
    trial.drain()
    trial.stack.programs.stop(second)
