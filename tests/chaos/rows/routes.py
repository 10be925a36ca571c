"""The way to a provider: nobody listens, connections are reset, packets vanish."""

import time
from functools import partial

from tests.chaos.outside.proxy import Mode
from tests.chaos.registry import row
from tests.chaos.trial import Trial

CALL_SIZE = 50
TEN_MINUTES = 600.0  # seconds
DOUBTED = 3 * CALL_SIZE + 10


@row("relay down", "nobody listens on the relay's port for 20 s")
def stop_relay(trial: Trial) -> None:
    trial.stack.ways["relay"].set(Mode.DOWN)
    with trial.fault():
        trial.accept(200, call_size=CALL_SIZE)
        trial.sleep(20)
        trial.stack.ways["relay"].set(Mode.OPEN)


@row("relay down, stand-in", "the same for the whole row; another account of the step is there")
def stop_relay_with_stand_in(trial: Trial) -> None:
    trial.stack.ways["relay"].set(Mode.DOWN)
    step = trial.step("relay", "sendgrid")
    with trial.fault():
        for _ in range(4):
            trial.caller.accept(trial.survey, [step], trial.people(CALL_SIZE))
        trial.wait_for_messages(200)


@row(
    "relay down for 10 min",
    "nobody listens on the relay's port for 10 min, and there is no stand-in",
    limit_seconds=120,
)
def stop_relay_for_long(trial: Trial) -> None:
    trial.account("relay")
    trial.stack.ways["relay"].set(Mode.DOWN)
    with trial.fault():
        trial.accept(200, call_size=CALL_SIZE)
        trial.sleep(TEN_MINUTES)
        trial.stack.ways["relay"].set(Mode.OPEN)
    began = time.monotonic()
    trial.wait_for_messages(200, limit_seconds=60)
    seconds = time.monotonic() - began
    trial.require(seconds <= 30, f"all had left only {seconds:.0f} s after the relay's return")


@row("relay down for 10 min, stand-in", "the same; another account of the step is there, and 200 more follow later")
def stop_relay_for_long_with_stand_in(trial: Trial) -> None:
    step = trial.step("relay", "sendgrid")
    assert trial.survey
    trial.stack.ways["relay"].set(Mode.DOWN)
    with trial.fault():
        began = time.monotonic()
        trial.caller.accept(trial.survey, [step], trial.people(CALL_SIZE))
        trial.wait_for_messages(1)
        seconds = time.monotonic() - began
        trial.notes.append(f"first by the stand-in after {seconds:.1f} s")
        trial.require(seconds <= 5, f"the stand-in's first message left only after {seconds:.0f} s")
        for _ in range(4):
            trial.sleep(TEN_MINUTES / 4)
            trial.caller.accept(trial.survey, [step], trial.people(CALL_SIZE))
        trial.wait_for_messages(5 * CALL_SIZE)
        trial.stack.ways["relay"].set(Mode.OPEN)


def lose_way(trial: Trial, kind: str, mode: Mode, seconds: float) -> None:
    trial.account(kind)
    with trial.fault():
        trial.stack.ways[kind].set(mode)
        trial.accept(200, by=kind, call_size=CALL_SIZE)
        trial.sleep(seconds)
        trial.stack.ways[kind].set(Mode.OPEN)


for _kind in ("sendgrid", "relay"):
    for _mode, _what, _seconds in (
        (Mode.RESET, "every connection is reset for 5 s", 5),
        (Mode.BLACK_HOLE, "connections are accepted and nothing is passed on for 20 s", 20),
        (Mode.ANSWERS_LOST, "requests arrive for 10 s, answers do not", 10),
        (Mode.GARBAGE, "answers are noise for 5 s", 5),
    ):
        row(f"{_kind}: {_mode.replace('_', ' ')}", _what, risk=DOUBTED)(
            partial(lose_way, kind=_kind, mode=_mode, seconds=_seconds)
        )


@row("Twilio down", "nobody listens on Twilio's port for 10 s")
def lose_twilio(trial: Trial) -> None:
    trial.stack.ways["twilio"].set(Mode.DOWN)
    with trial.fault():
        trial.accept(100, by="twilio", call_size=20)
        trial.sleep(10)
        trial.stack.ways["twilio"].set(Mode.OPEN)
