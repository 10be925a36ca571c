"""Dispatch to a provider that does nothing: the product and its competitors take turns, round after round."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.dispatch.our_dispatch import drain_ours
from tests.bench.peers.job_queues import drain_by_hand, drain_dramatiq, drain_procrastinate
from tests.bench.peers.post_office import drain_noop
from tests.bench.peers.task_per_message import drain_tasks
from tests.bench.rounds import Rounds
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage

# What a drain takes: the stage, contacts, how many messages, the settings module, the folder of logs.
Drain = Callable[[Stage, ContactSupply, int, str, Path], float]
ROUNDS = 3
# The competitors with their defaults, and with kept connections and larger batches.
AS_IT_COMES = {"messages_per_second": "tests.bench.settings.default"}
BOTH = AS_IT_COMES | {"tuned_messages_per_second": "tests.bench.settings"}


@dataclass(frozen=True)
class Transport:
    """A way to send. `messages` are those of a round, a few seconds' work; tuned, some do many times as much."""

    drain: Drain
    messages: int
    tuned_factor: int = 1


TRANSPORTS = {
    "e": Transport(drain_tasks, 1_000),
    "f": Transport(drain_noop, 4_000),
    "xp": Transport(drain_procrastinate, 1_000),
    "xd": Transport(drain_dramatiq, 1_500),
    "x1": Transport(drain_by_hand(1), 1_500),
    "x100": Transport(drain_by_hand(100), 1_000, tuned_factor=20),
}
# All of a competitor's messages of a round go to different contacts.
MOST_MESSAGES = max(transport.messages * transport.tuned_factor for transport in TRANSPORTS.values())
OURS, OUR_MESSAGES = "g", 100_000


@dataclass(frozen=True)
class DispatchTurns:
    """How often everything takes its turn, and with how much: `share` scales the messages of a round."""

    rounds: int = ROUNDS
    share: float = 1.0
    settings: Mapping[str, str] = field(default_factory=lambda: BOTH)
    # What is called after each round.
    between: Callable[[], None] = lambda: None


def measure_turns(
    stage: Stage, supply: ContactSupply, scenarios: Sequence[str], logs: Path, turns: DispatchTurns = DispatchTurns()
) -> Rounds:
    """Return the messages/s of each scenario, with each of the settings; ours has one. `x` is all other job queues."""
    measured = Rounds()
    names = [name for name in (*TRANSPORTS, OURS) if name[0] in scenarios]
    for number in range(turns.rounds):
        for name in names[:: -1 if number % 2 else 1]:
            if name == OURS:
                rate = drain_ours(stage, supply, round(OUR_MESSAGES * turns.share), logs)
                measured.add(name, {"messages_per_second": rate})
            else:
                transport = TRANSPORTS[name]
                for figure, module in turns.settings.items():
                    factor = 1 if figure in AS_IT_COMES else transport.tuned_factor
                    count = round(transport.messages * factor * turns.share)
                    rate = transport.drain(stage, supply, count, module, logs)
                    measured.add(name, {figure: rate})
        turns.between()
    return measured
