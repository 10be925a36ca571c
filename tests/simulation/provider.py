"""Providers as bad as real ones: they refuse, are busy, lose answers, and tell afterwards what became of messages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import ClassVar

from channels.providers.base import Message, Outcome, Provider, Result, Scope
from contacts.channel import Channel

KINDS = {"telling": "tests.simulation.provider.Telling", "mute": "tests.simulation.provider.Mute"}

# Who handles what is sent; there is one world at a time in a process.
Desk = Callable[["Simulated", Sequence[Message]], list[Result]]


class Simulated(Provider):
    label = "Simulated"
    channels = frozenset(Channel)
    batch_size = 1_000
    desk: ClassVar[Desk]

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        return Simulated.desk(self, messages)


class Telling(Simulated):
    label = "Telling"
    evidence_window = timedelta(minutes=15)


class Mute(Simulated):
    """It tells nothing of a message whose answer was lost."""

    label = "Mute"


@dataclass(frozen=True)
class Fate:
    """A provider's answer to one message, the truth, and what it tells how much later ("" tells nothing)."""

    result: Result
    is_taken: bool = False
    tells: str = ""
    after: timedelta = timedelta(0)


_ACCEPTED = Result(Outcome.ACCEPTED, "id")
_TRANSIENT = Result(Outcome.TRANSIENT, code="450")
_REFUSED = Result(Outcome.PERMANENT, code="550", scope=Scope.RECIPIENT)
_SUSPENDED = Result(Outcome.PERMANENT, code="401", scope=Scope.ACCOUNT)
_LOST = Result(Outcome.UNKNOWN, code="timeout")

# Of few calls anything is told, and all of it after one of these, so that it comes in few webhooks with many events.
TELLING_SHARE = 0.3
TOLD_AFTER_MINUTES = (1, 700)
# In thousandths of such a call's messages: what is told of one that was accepted.
_TOLD = [
    ("delivered", 60),
    ("opened", 30),
    ("hard_bounced", 30),
    ("soft_bounced", 12),
    ("dropped", 10),
    ("complained", 6),
    ("unsubscribed", 6),
    ("stopped", 5),
]


@dataclass(frozen=True)
class Mood:
    """How a provider is during one call: shares of the messages that fare so."""

    transient: float = 0
    refused: float = 0
    lost: float = 0


# Troubles come together, as they do with real providers.
MOODS = (*[Mood()] * 5, Mood(refused=0.08), Mood(transient=0.1, refused=0.02), Mood(refused=0.04, lost=0.06))


SMALL_CALL = 100


def draw_call(draw: Random, count: int) -> list[Fate]:
    """What becomes of one call's messages."""
    trouble, mood = draw.random(), _draw_mood(draw, count)
    tells_after = timedelta(minutes=draw.choice(TOLD_AFTER_MINUTES)) if draw.random() < TELLING_SHARE else None
    lost_for = timedelta(minutes=draw.choice([1, 5, 14, 15, 16, 600, 4_000]))
    if trouble < 0.03:
        pause = draw.choice([None, 2.0, 30.0, 600.0])
        taken = draw.randrange(count)
        throttled = Fate(Result(Outcome.THROTTLED, code="429", retry_after_seconds=pause))
        return [*(_draw_fate(draw, mood, tells_after, lost_for) for _ in range(taken)), *[throttled] * (count - taken)]
    if trouble < 0.035:
        return [Fate(_SUSPENDED)] * count
    if trouble < 0.042:
        return [_lost(draw, lost_for) for _ in range(count)]
    return [_draw_fate(draw, mood, tells_after, lost_for) for _ in range(count)]


def _draw_mood(draw: Random, count: int) -> Mood:
    """Most small calls, such as retries, meet with no trouble: otherwise the month would be spent on repeating them."""
    return draw.choice(MOODS) if count > SMALL_CALL or draw.random() < 0.2 else Mood()


def _draw_fate(draw: Random, mood: Mood, tells_after: timedelta | None, lost_for: timedelta) -> Fate:
    chance = draw.random()
    if chance < mood.transient:
        return Fate(_TRANSIENT)
    if chance < mood.transient + mood.refused:
        return Fate(_REFUSED)
    if chance < mood.transient + mood.refused + mood.lost:
        return _lost(draw, lost_for)
    if tells_after is None:
        return Fate(_ACCEPTED, True)
    place = draw.randrange(1_000)
    for kind, share in _TOLD:
        if place < share:
            return Fate(_ACCEPTED, kind != "dropped", kind, tells_after)
        place -= share
    return Fate(_ACCEPTED, True)


def _lost(draw: Random, after: timedelta) -> Fate:
    is_taken = draw.random() < 0.5
    tells = draw.choice(["", "delivered", "opened", "hard_bounced"] if is_taken else ["", "dropped"])
    return Fate(_LOST, is_taken, tells, after)
