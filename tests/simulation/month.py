"""The month: time jumps from what happens next to what is due next, and the product does the rest."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from uuid import UUID

from django.db import connection

from channels.events import Event, EventKind
from channels.providers.base import Account, Message, Result
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.feedback.ingest import ingest_events
from distributor.models.batch import Lane
from tests.simulation.known import Call, Campaign, Journey
from tests.simulation.oracle import Oracle, expect_risk
from tests.simulation.provider import Fate, Simulated, draw_call

_WAITING = """
SELECT min(greatest(due_at, lease_expires_at)),
    array_agg(DISTINCT lane) FILTER (WHERE greatest(due_at, lease_expires_at) <= %s)
FROM distributor_batch WHERE state = 'waiting'
"""
MINUTE = timedelta(minutes=1)
Happening = Callable[[], None]
# What an event says of its message: that it arrived, or that it did not.
_FAILURES = {EventKind.HARD_BOUNCED, EventKind.SOFT_BOUNCED, EventKind.DROPPED}
# Whoever opens, complains or unsubscribes has got it.
_PROVE_DELIVERY = {EventKind.DELIVERED, EventKind.OPENED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED}
_CLOSES = {
    EventKind.HARD_BOUNCED: "bounce",
    EventKind.COMPLAINED: "complaint",
    EventKind.UNSUBSCRIBED: "unsubscribe",
    EventKind.STOPPED: "stop",
}


@dataclass
class Month:
    """The world while its time passes. `now` is what every clock shows."""

    now: datetime
    draw: Random
    oracle: Oracle
    happenings: list[tuple[datetime, int, Happening]] = field(default_factory=list)
    journeys: dict[str, Journey] = field(default_factory=dict)
    campaigns: list[Campaign] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    after_sending: list[Callable[[Call], None]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _to_tell: dict[tuple[datetime, UUID], list[tuple[Event, Call]]] = field(default_factory=dict)

    def at(self, moment: datetime, happening: Happening) -> None:
        """Let something happen then; of one moment in the order in which it was asked for."""
        heappush(self.happenings, (max(moment, self.now), next(self._numbers), happening))

    def pass_time(self) -> None:
        """Until nothing happens any more and nobody waits. What happens at a moment comes before what is due then."""
        Simulated.desk = self._serve
        while True:
            next_due_at, lanes = _what_waits(self.now)
            for lane in lanes:
                while dispatch_lane(lane, lambda: self.now):
                    pass
            if not lanes and not self._go_on(next_due_at):
                return

    def _go_on(self, next_due_at: datetime | None) -> bool:
        """To the next moment, and let happen what happens then; whether there is one."""
        next_happening_at = self.happenings[0][0] if self.happenings else None
        moments = [moment for moment in (next_due_at, next_happening_at) if moment is not None]
        if not moments:
            return False
        self.now = max(self.now, min(moments))
        self.counts["moments"] += 1
        while self.happenings and self.happenings[0][0] <= self.now:
            heappop(self.happenings)[2]()
            self.counts["happenings"] += 1
        return True

    def _serve(self, provider: Simulated, messages: Sequence[Message]) -> list[Result]:
        """A provider's side of a call."""
        fates = draw_call(self.draw, len(messages))
        self.counts["calls"] += 1
        for message, fate in zip(messages, fates, strict=True):
            self._serve_one(provider, message, fate)
        return [fate.result for fate in fates]

    def _serve_one(self, provider: Simulated, message: Message, fate: Fate) -> None:
        journey = self.journeys[message.values["link"].rpartition("/")[2]]
        step = message.text.partition("\n")[0]
        call = Call(journey, provider.account.channel.value, message.attempt_id, self.now, step=step)
        self.oracle.judge(call, message.to, provider.evidence_window)
        call.answer, call.is_taken = fate.result.outcome.value, fate.is_taken
        call.is_about_account = fate.result.scope is not None and fate.result.scope.value == "account"
        journey.calls.append(call)
        journey.person.sends.append(call)
        expect_risk(call)
        self.counts["messages"] += 1
        self.counts[f"{call.kind} messages"] += 1
        self.counts[call.answer] += 1
        if fate.tells and (call.answer == "accepted" or provider.evidence_window):
            self._tell_later(provider, message, call, fate)
        if call.is_taken:
            for follow in self.after_sending:
                follow(call)

    def _tell_later(self, provider: Simulated, message: Message, call: Call, fate: Fate) -> None:
        """What is told by the same minute comes in one webhook."""
        moment = (self.now + fate.after).replace(second=0, microsecond=0) + MINUTE
        event = Event(
            event_id=f"{message.attempt_id} {fate.tells}",
            kind=EventKind(fate.tells),
            occurred_at=moment,
            attempt_id=message.attempt_id,
            address=message.to,
        )
        key = (moment, provider.account.id)
        if key not in self._to_tell:
            self._to_tell[key] = []
            self.at(moment, lambda: self._tell(provider.account, *key))
        self._to_tell[key].append((event, call))

    def _tell(self, account: Account, moment: datetime, account_id: UUID) -> None:
        told = self._to_tell.pop((moment, account_id))
        ingest_events(account, [event for event, _ in told], self.now)
        for event, call in told:
            self.counts["told"] += 1
            if event.kind in _CLOSES:
                call.journey.person.house.close(call.channel, event.address, _CLOSES[event.kind])
            if event.kind in _FAILURES:
                call.has_failed = True
            elif event.kind != EventKind.STOPPED:
                call.is_known = True
                call.is_opened |= event.kind == EventKind.OPENED
                call.is_delivered |= event.kind in _PROVE_DELIVERY


def _what_waits(now: datetime) -> tuple[datetime | None, list[Lane]]:
    """When something is due next, and in which lanes something is now.

    What a worker holds (a fault has left it behind) is due when its lease is over.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [now])
        next_due_at, lanes = cursor.fetchone()
    return next_due_at, [lane for lane in Lane if lane in (lanes or ())]
