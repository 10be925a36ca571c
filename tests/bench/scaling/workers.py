"""The claim protocol of distributor/engine/dispatch/loop.py: a sweep wakes one worker, and each claim another."""

from collections import deque
from dataclasses import dataclass, field

from tests.bench.scaling.machine import Compute, Lock, Machine, Message, Process, Wait

BATCH_SIZE = 1_000
SLICE_SECONDS = 1.0  # distributor/engine/infrastructure/chunked_job.py
WAKEUP_SECONDS = 1.0  # IDLE_WITHIN in distributor/engine/dispatch/loop.py


@dataclass(frozen=True)
class Costs:
    """Unit costs on the machine of docs/benchmarks.md, in seconds. A core-second includes PostgreSQL's share."""

    # A claim and its commit, all of it under one lock. Today claims skip one another's rows, so this is pessimistic.
    claim: float = 0.000_37
    # The dispatch of a message to a provider that does nothing.
    message: float = 0.000_107
    # The thread that sends wake-ups gathers what is asked for within this time.
    gather: float = 0.010
    # Broker, Celery's two processes, the task's start. Fitted: all three points of the ramp are then met within 0.02 s.
    wakeup: float = 0.025


@dataclass(frozen=True)
class Provider:
    """How an account is called: messages of a call, requests at a time, and what a request takes."""

    call_size: int
    concurrency: int
    messages_per_request: int
    latency: float
    # Seconds of a core for a request, besides the dispatch of its messages.
    request: float = 0.0


NOOP = Provider(call_size=1_000, concurrency=1, messages_per_request=1_000, latency=0.0)
EMAILS = Provider(call_size=1_000, concurrency=1, messages_per_request=1_000, latency=0.050)
# 614 SMS a second took both cores, the stand-in's part included: 3.26 ms of a core each.
TEXTS = Provider(call_size=1_000, concurrency=32, messages_per_request=1, latency=0.050, request=0.003_15)


@dataclass
class Lane:
    """The batches of a lane: how many messages each of those that nobody holds has left."""

    free: deque[int]
    sent: int = 0
    claims: int = 0
    # When the number of workers that hold a batch first reached 1, 2, …
    reached: list[float] = field(default_factory=list)
    holders: int = 0
    drained_at: float | None = None
    total: int = 0

    @classmethod
    def of(cls, batches: int) -> "Lane":
        return cls(deque([BATCH_SIZE] * batches), total=batches * BATCH_SIZE)


def worker(machine: Machine, lane: Lane, costs: Costs, provider: Provider) -> Process:
    """A worker process: for each wake-up, claim and dispatch batches for one time slice."""
    while True:
        yield Message()
        yield Compute(costs.wakeup)
        ends_at = machine.now + SLICE_SECONDS
        while machine.now < ends_at:
            yield Lock()
            yield Compute(costs.claim)
            left = lane.free.popleft() if lane.free else 0
            machine.unlock()
            if not left:
                break
            lane.claims += 1
            if lane.free:
                _wake_another(machine, costs)
            _hold(machine, lane)
            while left:
                count = min(provider.call_size, left)
                yield Compute(count * costs.message)
                yield from _call(count, provider)
                left -= count
                lane.sent += count
                if machine.now >= ends_at:
                    break
            lane.holders -= 1
            if left:
                lane.free.append(left)
            if lane.sent == lane.total:
                lane.drained_at = machine.now
        else:
            machine.send_wakeup()


def _call(count: int, provider: Provider) -> Process:
    """Send messages in waves of as many requests as the account allows at a time."""
    requests = -(-count // provider.messages_per_request)
    while requests > 0:
        wave = min(provider.concurrency, requests)
        if provider.request:
            yield Compute(wave * provider.request)
        if provider.latency:
            yield Wait(provider.latency)
        requests -= wave


def _wake_another(machine: Machine, costs: Costs) -> None:
    expires_at = machine.now + WAKEUP_SECONDS
    machine.after(costs.gather, lambda: machine.send_wakeup(expires_at))


def _hold(machine: Machine, lane: Lane) -> None:
    lane.holders += 1
    if lane.holders > len(lane.reached):
        lane.reached.append(machine.now)


@dataclass(frozen=True)
class Run:
    """What came of a simulation. Times are in seconds since the sweep that found the batches."""

    reached: list[float]
    seconds: float
    sent: int
    claims: int
    locked_share: float

    @property
    def messages_per_second(self) -> float:
        return self.sent / self.seconds


def simulate(workers: int, cores: int, batches: int, provider: Provider, costs: Costs = Costs()) -> Run:
    """Let workers drain batches that a sweep has just found. Raises RuntimeError if they stop before all is sent."""
    machine, lane = Machine(cores), Lane.of(batches)
    for _ in range(workers):
        machine.start(worker(machine, lane, costs, provider))
    machine.send_wakeup()
    while lane.drained_at is None:
        before = machine.now
        machine.run_until(before + SLICE_SECONDS)
        if machine.now > 10 * SLICE_SECONDS * batches:
            raise RuntimeError(f"{lane.total - lane.sent} messages still wait")
    return Run(lane.reached, lane.drained_at, lane.sent, lane.claims, machine.locked_seconds / lane.drained_at)
