"""Clocks that differ between machines. The product's clock is PostgreSQL's; these are the processes' own."""

from tests.chaos.registry import row
from tests.chaos.trial import Trial

MINUTES = 5 * 60


def play_with_skew(trial: Trial, skews: dict[str, float]) -> None:
    """Lose the wake-ups of all calls, so that only sweeps find the work."""
    for program, seconds in skews.items():
        trial.stack.programs.patch(program, {"clock_ahead_seconds": seconds})
    trial.stack.programs.stop(*skews)
    trial.stack.programs.start(*skews)
    trial.sleep(8)
    with trial.fault(), trial.accepting(300, call_size=50):
        for _ in range(20):
            trial.stack.flush_broker()
            trial.sleep(0.1)
    trial.wait_for_messages(300, limit_seconds=90)


@row("clock of one worker ahead", "a worker's clock is 5 min ahead, the other's 5 min behind; wake-ups are lost")
def skew_workers(trial: Trial) -> None:
    play_with_skew(trial, {"worker": MINUTES, "worker-2": -MINUTES})


@row("clock of beat behind", "beat's clock is 5 min behind everybody's; wake-ups are lost")
def skew_beat(trial: Trial) -> None:
    play_with_skew(trial, {"beat": -MINUTES})


@row("clock of beat ahead", "beat's clock is 5 min ahead of everybody's; wake-ups are lost")
def advance_beat(trial: Trial) -> None:
    play_with_skew(trial, {"beat": MINUTES})
