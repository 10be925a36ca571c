"""Virtual time: it jumps to the next planned action or the next due batch, and the product does the rest."""

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
from channels.providers.base import Account, Message, Outcome, Result, Scope
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.feedback.ingest import ingest_events
from distributor.models.batch import Lane
from tests.simulation.noes import REPORTED, hear
from tests.simulation.oracle import Oracle, expect_risk
from tests.simulation.outages import Outages
from tests.simulation.population import LYING, SHARED, SLOW
from tests.simulation.provider import Fate, Simulated, draw_call
from tests.simulation.world import Call, Campaign, Journey

_WAITING = """
SELECT min(greatest(due_at, lease_expires_at)),
    array_agg(DISTINCT lane) FILTER (WHERE greatest(due_at, lease_expires_at) <= %s)
FROM distributor_batch WHERE state = 'waiting'
"""
MINUTE = timedelta(minutes=1)
Action = Callable[[], None]
# Events that report a message as failed, and events that prove delivery.
_FAILURES = {EventKind.HARD_BOUNCED, EventKind.SOFT_BOUNCED, EventKind.DROPPED}
_PROVE_DELIVERY = {EventKind.DELIVERED, EventKind.OPENED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED}


@dataclass
class Month:
    """The simulated world. `now` is the time on every clock."""

    now: datetime
    draw: Random
    oracle: Oracle
    outages: Outages
    actions: list[tuple[datetime, int, Action]] = field(default_factory=list)
    journeys: dict[str, Journey] = field(default_factory=dict)
    campaigns: list[Campaign] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    after_sending: list[Callable[[Call], None]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _to_report: dict[tuple[datetime, UUID], list[tuple[Event, Call]]] = field(default_factory=dict)

    def at(self, moment: datetime, action: Action) -> None:
        """Plan an action. Actions at the same time run in the order in which they were planned."""
        heappush(self.actions, (max(moment, self.now), next(self._numbers), action))

    def pass_time(self) -> None:
        """Run until no action is planned and no batch waits. At equal times, actions run before batches."""
        Simulated.desk = self._serve
        while True:
            next_due_at, lanes = _find_due(self.now)
            for lane in lanes:
                while dispatch_lane(lane, lambda: self.now):
                    pass
            if not lanes and not self._go_on(next_due_at):
                return

    def _go_on(self, next_due_at: datetime | None) -> bool:
        """Move to the next time and run its actions. Return whether there was one."""
        next_action_at = self.actions[0][0] if self.actions else None
        moments = [moment for moment in (next_due_at, next_action_at) if moment is not None]
        if not moments:
            return False
        self.now = max(self.now, min(moments))
        self.counts["moments"] += 1
        while self.actions and self.actions[0][0] <= self.now:
            heappop(self.actions)[2]()
            self.counts["actions"] += 1
        return True

    def _serve(self, provider: Simulated, messages: Sequence[Message]) -> list[Result]:
        """Answer a provider call."""
        account_id = provider.account.id
        drawn = self.outages.fates(self.draw, account_id, len(messages), self.now)
        fates = draw_call(self.draw, len(messages)) if drawn is None else drawn
        self.counts["calls"] += 1
        self.counts["messages tried while away"] += len(messages) * self.outages.is_away(account_id, self.now)
        for message, fate in zip(messages, fates, strict=True):
            self._serve_one(provider, message, fate)
        # Settled, and heard, when the whole call is answered.
        for message, fate in zip(messages, fates, strict=True):
            if fate.result.opted_out:
                person = self.journeys[message.values["link"].rpartition("/")[2]].person
                hear(person.tenant, [person], "stop", self.now, (provider.account.channel.value, message.to))
                self.counts["refused_after_stop"] += 1
        self.now += timedelta(seconds=self.outages.seconds(account_id))
        return [fate.result for fate in fates]

    def _serve_one(self, provider: Simulated, message: Message, fate: Fate) -> None:
        journey = self.journeys[message.values["link"].rpartition("/")[2]]
        step = message.text.partition("\n")[0]
        call = Call(journey, provider.account.channel.value, message.attempt_id, self.now, step=step)
        self.oracle.judge(call, message.to, provider.evidence_window)
        call.answer, call.is_taken = fate.result.outcome.value, fate.is_taken
        is_refusal = fate.result.outcome in (Outcome.PERMANENT, Outcome.TRANSIENT)
        call.account = self.outages.names[provider.account.id]
        call.is_about_account = is_refusal and fate.result.scope in (Scope.ACCOUNT, Scope.ROUTE)
        journey.calls.append(call)
        journey.person.sends.append(call)
        expect_risk(call)
        self.counts["messages"] += 1
        self.counts[f"{call.kind} messages"] += 1
        self.counts[call.answer] += 1
        if call.account in (SLOW, LYING, SHARED):
            self.counts[f"{call.account} e-mail taken"] += call.is_taken
        if fate.event and (call.answer == "accepted" or provider.evidence_window):
            self._report_later(provider, message, call, fate)
        if call.is_taken:
            for react in self.after_sending:
                react(call)

    def _report_later(self, provider: Simulated, message: Message, call: Call, fate: Fate) -> None:
        """Plan an event. Events of the same minute come in one webhook."""
        moment = (self.now + fate.after).replace(second=0, microsecond=0) + MINUTE
        event = Event(
            event_id=f"{message.attempt_id} {fate.event}",
            kind=EventKind(fate.event),
            occurred_at=moment,
            attempt_id=message.attempt_id,
            address=message.to,
        )
        key = (moment, provider.account.id)
        if key not in self._to_report:
            self._to_report[key] = []
            self.at(moment, lambda: self._report(provider.account, *key))
        self._to_report[key].append((event, call))

    def _report(self, account: Account, moment: datetime, account_id: UUID) -> None:
        reports = self._to_report.pop((moment, account_id))
        ingest_events(account, [event for event, _ in reports], self.now)
        for event, call in reports:
            self.counts["events"] += 1
            self._close(event, call)
            if event.kind in _FAILURES:
                call.has_failed = True
            elif event.kind != EventKind.STOPPED:
                call.is_known = True
                call.is_opened |= event.kind == EventKind.OPENED
                call.is_delivered |= event.kind in _PROVE_DELIVERY

    def _close(self, event: Event, call: Call) -> None:
        """Close what a reported event closes. STOP is about the number, not about the message."""
        person = call.journey.person
        if event.kind == EventKind.HARD_BOUNCED:
            person.tenant.close(call.channel, event.address, "bounce")
        elif event.kind in REPORTED:
            people = () if event.kind == EventKind.STOPPED else [person]
            hear(person.tenant, people, REPORTED[event.kind], self.now, (call.channel, event.address))
            self.counts[f"{event.kind.value}_reported"] += 1


def _find_due(now: datetime) -> tuple[datetime | None, list[Lane]]:
    """Return when a batch is due next, and the lanes with a batch that is due now.

    A batch with a lease (a fault has left it behind) is due when the lease ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [now])
        next_due_at, lanes = cursor.fetchone()
    return next_due_at, [lane for lane in Lane if lane in (lanes or ())]
