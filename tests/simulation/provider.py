"""Simulated providers, as bad as real ones: they refuse, throttle, lose responses, and send events afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import ClassVar

from channels.providers.base import Message, Outcome, Provider, Result, Scope
from contacts.channel import Channel

KINDS = {"reporting": "tests.simulation.provider.Reporting", "silent": "tests.simulation.provider.Silent"}

# Handles what is sent. A process simulates one world at a time.
Desk = Callable[["Simulated", Sequence[Message]], list[Result]]


class Simulated(Provider):
    label = "Simulated"
    channels = frozenset(Channel)
    batch_size = 1_000
    desk: ClassVar[Desk]

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        return Simulated.desk(self, messages)


class Reporting(Simulated):
    label = "Reporting"
    evidence_window = timedelta(minutes=15)


class Silent(Simulated):
    """Reports nothing of a message whose response was lost."""

    label = "Silent"


@dataclass(frozen=True)
class Fate:
    """A provider's result for a message, whether it really accepted it, and the event that follows `after` a time."""

    result: Result
    is_taken: bool = False
    event: str = ""
    after: timedelta = timedelta(0)


_ACCEPTED = Result(Outcome.ACCEPTED, "id")
_TRANSIENT = Result(Outcome.TRANSIENT, code="450")
_REFUSED = Result(Outcome.PERMANENT, code="550", scope=Scope.RECIPIENT)
_STOPPED_EARLIER = Result(Outcome.PERMANENT, code="21610", scope=Scope.RECIPIENT, opted_out=True)
_SUSPENDED = Result(Outcome.PERMANENT, code="401", scope=Scope.ACCOUNT)
_UNREACHABLE = Result(Outcome.TRANSIENT, detail="Connection refused", scope=Scope.ROUTE)
_LOST = Result(Outcome.UNKNOWN, code="timeout", scope=Scope.ROUTE)

# Events follow a share of the calls, all after one of these delays, so that they come in few webhooks of many events.
REPORTED_SHARE = 0.3
REPORTED_AFTER_MINUTES = (1, 700)
# The events of accepted messages, in thousandths of such a call's messages.
_EVENTS = [
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
    """The troubles of a provider during one call, as shares of its messages."""

    transient: float = 0
    refused: float = 0
    lost: float = 0


# Troubles come in clusters, as with real providers.
MOODS = (*[Mood()] * 5, Mood(refused=0.08), Mood(transient=0.1, refused=0.02), Mood(refused=0.04, lost=0.06))


SMALL_CALL = 100


def draw_call(draw: Random, count: int) -> list[Fate]:
    """Draw what becomes of the messages of a call."""
    trouble, mood = draw.random(), _draw_mood(draw, count)
    reported_after = timedelta(minutes=draw.choice(REPORTED_AFTER_MINUTES)) if draw.random() < REPORTED_SHARE else None
    lost_for = timedelta(minutes=draw.choice([1, 5, 14, 15, 16, 600, 4_000]))
    if trouble < 0.03:
        pause = draw.choice([None, 2.0, 30.0, 600.0])
        taken = draw.randrange(count)
        throttled = Fate(Result(Outcome.THROTTLED, code="429", retry_after_seconds=pause))
        return [
            *(_draw_fate(draw, mood, reported_after, lost_for) for _ in range(taken)),
            *[throttled] * (count - taken),
        ]
    if trouble < 0.035:
        return [Fate(_SUSPENDED)] * count
    if trouble < 0.04:
        return [Fate(_UNREACHABLE)] * count
    if trouble < 0.047:
        return [_lost(draw, lost_for) for _ in range(count)]
    return [_draw_fate(draw, mood, reported_after, lost_for) for _ in range(count)]


def _draw_mood(draw: Random, count: int) -> Mood:
    """Draw a mood. Most small calls, such as retries, have no trouble: a month of retries would take too long."""
    return draw.choice(MOODS) if count > SMALL_CALL or draw.random() < 0.2 else Mood()


def _draw_fate(draw: Random, mood: Mood, reported_after: timedelta | None, lost_for: timedelta) -> Fate:
    chance = draw.random()
    if chance < mood.transient:
        return Fate(_TRANSIENT)
    if chance < mood.transient + mood.refused:
        return Fate(_STOPPED_EARLIER if draw.random() < 0.2 else _REFUSED)
    if chance < mood.transient + mood.refused + mood.lost:
        return _lost(draw, lost_for)
    if reported_after is None:
        return Fate(_ACCEPTED, True)
    drawn = draw.randrange(1_000)
    for kind, share in _EVENTS:
        if drawn < share:
            return Fate(_ACCEPTED, kind != "dropped", kind, reported_after)
        drawn -= share
    return Fate(_ACCEPTED, True)


def _lost(draw: Random, after: timedelta) -> Fate:
    is_taken = draw.random() < 0.5
    event = draw.choice(["", "delivered", "opened", "hard_bounced"] if is_taken else ["", "dropped"])
    return Fate(_LOST, is_taken, event, after)
