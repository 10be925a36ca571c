"""Processes that kill themselves at each named point of their work (tests/support/failpoints.py)."""

from functools import partial

from tests.chaos.product.programs import WORKERS
from tests.chaos.registry import row
from tests.chaos.trial import Trial

AT_RELAY = 100  # of one worker at once

# Point: how many messages are in doubt then.
DISPATCH_POINTS = {"claimed": 0, "judged": 0, "begun": AT_RELAY, "handed over": AT_RELAY, "settling": AT_RELAY}


def arm(trial: Trial, program: str, point: str, times: int = 1, *, what: str = "kill_at") -> None:
    """Let a program kill itself, or freeze ("stop_at"), the first times it reaches the point."""
    folder = trial.stack.make_folder(f"points of {trial.word}")
    trial.stack.programs.patch(program, {what: point, "times": times, "folder": str(folder)})


def await_point(trial: Trial, program: str, point: str, times: int = 1) -> None:
    folder = trial.stack.make_folder(f"points of {trial.word}")
    marker = folder / f"{point} {times - 1}"
    trial.wait_until(marker.exists, f"{program} at {point!r}", 90)


def kill_at_dispatch(trial: Trial, point: str) -> None:
    trial.stack.programs.stop(*WORKERS)
    trial.accept(150, call_size=150)
    arm(trial, "worker", point)
    with trial.fault():
        trial.stack.programs.start("worker")
        await_point(trial, "worker", point)
        trial.stack.programs.stop("worker", is_hurried=True)
        trial.skip_leases()
    trial.stack.programs.start(*WORKERS)


for _point, _risk in DISPATCH_POINTS.items():
    row(f"killed at “{_point}”", "a worker dies there once", risk=_risk)(partial(kill_at_dispatch, point=_point))


@row("killed at follow-up points", "a worker dies while it brings a reminder to its people (“looking”, “arming”)")
def kill_at_follow_up(trial: Trial) -> None:
    (promise,) = trial.accept(200, call_size=200)
    trial.drain()
    trial.messages_each = 2
    trial.stack.programs.stop(*WORKERS)
    for point in ("looking", "arming"):
        arm(trial, "worker", point)
        if point == "looking":
            trial.caller.ask(
                "POST",
                f"distributions/{promise.distribution_id}/steps",
                {"kind": "reminder", **trial.step("relay")},
                key="reminder of " + promise.distribution_id,
            )
        trial.stack.programs.start("worker")
        await_point(trial, "worker", point)
        trial.stack.programs.stop("worker", is_hurried=True)
    with trial.fault():
        trial.stack.programs.start(*WORKERS)
        trial.wait_for_messages(400)


@row("killed at retry points", "a worker dies in a manual retry of 100 refused texts (“retrying”, “resent”)")
def kill_at_manual_retry(trial: Trial) -> None:
    trial.stack.providers.script("twilio", refuse_code=30007)  # the carrier's filter: a failure of each message
    (promise,) = trial.accept(100, by="twilio", call_size=100)
    trial.drain()
    trial.require(not trial.taken, "the stand-in took what it should have refused")
    trial.stack.providers.reset()
    trial.stack.programs.stop(*WORKERS)
    for point in ("retrying", "resent"):
        arm(trial, "worker", point)
        if point == "retrying":
            trial.caller.ask("POST", f"distributions/{promise.distribution_id}/retry", {})
        trial.stack.programs.start("worker")
        await_point(trial, "worker", point)
        trial.stack.programs.stop("worker", is_hurried=True)
    with trial.fault():
        trial.stack.programs.start(*WORKERS)
        trial.wait_for_messages(100)
