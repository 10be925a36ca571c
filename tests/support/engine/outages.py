"""Trouble that lasts, in virtual time: providers that fail for hours, and who was sent to when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Min
from django.db.models.functions import Coalesce, Greatest

from channels.models import ProviderAccount
from channels.providers.base import Account, Message, Outcome, Result, Scope
from channels.providers.sandbox import Sandbox
from channels.providers.smtp.replies import Stage, read_refusal
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Recipient
from distributor.models.batch import Lane
from tests.support.engine.people import given

KIND = "tests.support.engine.outages.Troubled"
REFUSED_CONNECTION = Result(Outcome.TRANSIENT, detail="Connection refused", scope=Scope.ROUTE)


class Troubled(Sandbox):
    """A sandbox that answers with `trouble`, if that returns a result, instead of taking a message."""

    label = "Troubled"
    batch_size = 100
    evidence_window = timedelta(minutes=15)
    trouble: Callable[[Message], Result | None] = staticmethod(lambda message: None)
    calls = 0
    messages_tried = 0
    taken_anyway = False  # the message is taken, although the answer says otherwise

    def __init__(self, account: Account) -> None:
        super().__init__(account)

    @classmethod
    def configuration_faults(cls, configuration: object) -> list[object]:  # type: ignore[override]
        return []

    def send_checked(self, messages: list[Message]) -> list[Result]:  # type: ignore[override]
        Troubled.calls += 1
        Troubled.messages_tried += len(messages)
        answers = [Troubled.trouble(message) for message in messages]
        untroubled = [
            message
            for message, answer in zip(messages, answers, strict=True)
            if answer is None or Troubled.taken_anyway
        ]
        taken = dict(zip((each.attempt_id for each in untroubled), super().send_checked(untroubled), strict=True))
        return [answer or taken[message.attempt_id] for message, answer in zip(messages, answers, strict=True)]


@dataclass
class Clock:
    """Virtual time: it jumps to the next moment at which a batch is due."""

    now: datetime

    def run_until(self, end: datetime) -> None:
        """Send all that becomes due up to this moment, each batch at its time."""
        while True:
            waiting = Batch.objects.filter(state="waiting")
            due = waiting.aggregate(at=Min(Greatest("due_at", Coalesce("lease_expires_at", F("due_at")))))["at"]
            if due is None or due > end:
                self.now = end
                return
            self.now = max(self.now, due)
            for lane in Lane:
                while dispatch_lane(lane, lambda: self.now):
                    pass

    def sleep_until(self, end: datetime) -> None:
        """Let time pass while no worker runs."""
        self.now = end

    def run_for(self, duration: timedelta) -> None:
        self.run_until(self.now + duration)


def reply(text: str, stage: Stage) -> Result:
    """Return what an SMTP server's reply at this stage says, such as “451 4.3.0 Later”."""
    return read_refusal(int(text[:3]), text[4:].encode(), stage)


def troubled(account: ProviderAccount, trouble: Callable[[Message], Result | None] | Result) -> None:
    """Make the account one of the troubled provider's, with this trouble for everybody or by message."""
    Troubled.trouble = staticmethod(trouble if callable(trouble) else lambda message: trouble)
    Troubled.calls = Troubled.messages_tried = 0
    Troubled.taken_anyway = False
    account.kind, account.configuration = "troubled", {}
    account.save(update_fields=["kind", "configuration"])


def end_trouble() -> None:
    Troubled.trouble = staticmethod(lambda message: None)
    Troubled.taken_anyway = False


def first_and_last_sent_at() -> tuple[datetime | None, datetime | None]:
    sent = Attempt.objects.filter(state="sent").aggregate(first=Min("begun_at"), last=Max("begun_at"))
    return sent["first"], sent["last"]


def outcomes() -> dict[str, int]:
    """Return how many recipients have ended how, or wait."""
    counted: dict[str, int] = {}
    for state, outcome in Recipient.objects.values_list("state", "outcome"):
        counted[outcome or state] = counted.get(outcome or state, 0) + 1
    return counted


def send_three_times(send: Callable[..., Any], *, calls: int = 3) -> datetime:
    """Send to 10 people in each call. Returns when all were accepted."""
    for call in range(calls):
        send([given(call * 10 + number) for number in range(10)], name=f"call {call}")
    return database_now()
