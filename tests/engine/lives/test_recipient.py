"""A recipient's life: messages, webhooks, an answer, a no, a cancel and retries in any order, on two channels."""

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from channels.events import EventKind
from channels.models import ProviderAccount
from channels.providers.base import Message, Outcome, Result
from contacts.channel import Channel
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import DistributionOverError, cancel
from distributor.engine.manual_retry.start import RetryRefusedError, run_next_chunk, start_retry
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Attempt
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from tests.engine.conftest import Send
from tests.engine.lives.life import MINUTE, Life, live
from tests.support.engine.outages import KIND, Clock, end_trouble, troubled
from tests.support.engine.people import totals_of
from tests.support.engine.provider_events import event_of, recipient_of, report_events

Accounts = dict[Channel, ProviderAccount]
ANSWERS = [Outcome.ACCEPTED, Outcome.TRANSIENT, Outcome.PERMANENT, Outcome.UNKNOWN]
FAILURES = [EventKind.SOFT_BOUNCED, EventKind.HARD_BOUNCED, EventKind.FAILED, EventKind.DROPPED]
PROOFS = [EventKind.SENT, EventKind.DELIVERED, EventKind.OPENED]
NOES = [EventKind.COMPLAINED, EventKind.UNSUBSCRIBED]
Meanwhile = tuple[int, list[Outcome]]  # minutes in which workers work, and what providers answer
meanwhiles: st.SearchStrategy[Meanwhile] = st.tuples(
    st.sampled_from([0, 20, 90]), st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=3)
)
ALL_UNREACHED = RetrySelection(outcomes=tuple(RetriedOutcome))


@dataclass
class Call:
    """One call to a provider, its answer, and what events told of it afterwards."""

    channel: Channel
    answer: Outcome
    retries_before: int
    told: set[EventKind] = field(default_factory=set)

    @property
    def may_have_arrived(self) -> bool:
        return self.answer in (Outcome.ACCEPTED, Outcome.UNKNOWN)

    @property
    def counts_as_sent(self) -> bool:
        is_proven = self.answer is Outcome.ACCEPTED or bool(self.told & {*PROOFS, *NOES})
        return self.may_have_arrived and is_proven and not self.has_failed

    @property
    def has_failed(self) -> bool:
        return not self.may_have_arrived or bool(self.told & {*FAILURES})

    @property
    def is_unknown(self) -> bool:
        return self.answer is Outcome.UNKNOWN and not self.told


class RecipientLife(Life):
    def __init__(self, send: Send, accounts: Accounts) -> None:
        super().__init__()
        self.send, self.accounts = send, accounts
        self.calls: list[Call] = []
        self.closed_after: int | None = None  # how many calls there were at the answer, no or cancel
        self.retries = 0
        self.is_cancelled = False

    @initialize(minutes=st.sampled_from([0, 60]))
    def accept(self, minutes: int) -> None:
        for channel in (Channel.EMAIL, Channel.SMS):
            troubled(self.accounts[channel], Result(Outcome.ACCEPTED))
        self.answers = [Outcome.ACCEPTED]
        troubled(self.accounts[Channel.EMAIL], self.take_call)
        channels = (Channel.EMAIL, Channel.SMS)
        self.accepted = self.send(1, *channels, is_multi=True, fallback_delay_minutes=minutes, at=self.now)

    def take_call(self, message: Message) -> Result:
        channel = Channel.EMAIL if "@" in message.to else Channel.SMS
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        self.calls.append(Call(channel, answer, self.retries))
        return Result(answer)

    @rule(meanwhile=meanwhiles)
    def work(self, meanwhile: Meanwhile) -> None:
        """Send what becomes due within some time. The last answer is given to all further calls."""
        minutes, self.answers = meanwhile
        clock = Clock(self.now)
        clock.run_for(minutes * MINUTE)
        self.now = clock.now

    @rule(meanwhile=meanwhiles, place=st.integers(0, 3), kind=st.sampled_from([*FAILURES, *PROOFS, *NOES]))
    def report(self, meanwhile: Meanwhile, place: int, kind: EventKind) -> None:
        """A webhook tells of one of the latest messages."""
        self.work(meanwhile)
        numbers = [number for number, call in enumerate(self.calls, start=1) if call.may_have_arrived]
        if not numbers:
            return
        number = numbers[-1 - place % len(numbers)]
        call = self.calls[number - 1]
        contact = self.accepted.recipients[0].contact
        known = contact.email if call.channel is Channel.EMAIL else contact.phone
        event = event_of(self.accepted, kind, number=number, address=known)
        report_events(self.accounts[call.channel], event, at=self.now)
        call.told.add(kind)
        if kind in NOES:
            self.close()

    @rule(meanwhile=meanwhiles, end=st.sampled_from(["answer", "opt out", "cancel"]))
    def end(self, meanwhile: Meanwhile, end: str) -> None:
        """The person answers or says no, or the caller cancels: nothing may be sent from now on."""
        self.work(meanwhile)
        if end == "answer":
            with nullcontext() if self.closed_after is None else suppress(LinkNotOpenError):
                record_response(self.accepted.recipients[0].code, {"score": 9}, self.now)
        elif end == "opt out":
            opt_out(recipient_of(self.accepted).contact_id, self.now, source="test")
        elif recipient_of(self.accepted).state == "waiting" or self.is_cancelled:
            cancel(self.accepted.distribution.pk, self.now)
            self.is_cancelled = True
        else:
            with pytest.raises(DistributionOverError):
                cancel(self.accepted.distribution.pk, self.now)
            return
        self.close()

    @rule(meanwhile=meanwhiles)
    def retry(self, meanwhile: Meanwhile) -> None:
        self.work(meanwhile)
        before = recipient_of(self.accepted)
        try:
            start_retry(self.accepted.distribution.pk, ALL_UNREACHED, "test", self.now)
        except RetryRefusedError:
            assert self.closed_after is not None
            return
        while run_next_chunk(self.now):
            pass
        after = recipient_of(self.accepted)
        if (before.state, after.state) == ("finished", "waiting"):
            assert self.closed_after is None
            assert not any(call.counts_as_sent for call in self.calls)
            self.retries += 1
        else:
            assert (after.state, after.outcome) == (before.state, before.outcome)

    @invariant()
    def nothing_is_sent_after_the_end(self) -> None:
        assert self.closed_after is None or len(self.calls) == self.closed_after

    @invariant()
    def nobody_gets_two_on_a_channel_but_for_one_counted_repeat_by_email(self) -> None:
        for retries in range(self.retries + 1):
            sms = [call for call in self.calls if call.channel is Channel.SMS and call.retries_before == retries]
            assert sum(call.may_have_arrived for call in sms) <= 1
            emails = [call for call in self.calls if call.channel is Channel.EMAIL and call.retries_before == retries]
            arrived = [call.answer for call in emails if call.may_have_arrived]
            assert arrived in ([], [Outcome.ACCEPTED], [Outcome.UNKNOWN], [Outcome.UNKNOWN] * 2, [*UNKNOWN_THEN_TAKEN])

    @invariant()
    def the_end_follows_from_the_calls(self) -> None:
        recipient = recipient_of(self.accepted)
        assert recipient.attempt_count == len(self.calls) == Attempt.objects.count()
        assert (recipient.first_sent_at is not None) == any(call.counts_as_sent for call in self.calls)
        if recipient.state == "finished":
            assert recipient.outcome == self.expected_outcome()
        if recipient.state == "stopped":
            assert not any(call.counts_as_sent or call.is_unknown for call in self.calls)
            assert self.closed_after is not None

    def expected_outcome(self) -> str:
        if any(call.counts_as_sent for call in self.calls):
            return "sent"
        return "indeterminate" if any(call.is_unknown for call in self.calls) else "failed"

    def close(self) -> None:
        if self.closed_after is None:
            self.closed_after = len(self.calls)

    def teardown(self) -> None:
        """Everybody ends: whatever has happened, three days with a working provider leave nobody waiting."""
        try:
            if hasattr(self, "accepted"):
                self.answers = [Outcome.ACCEPTED]
                Clock(self.now).run_for(timedelta(days=3))
                assert recipient_of(self.accepted).state != "waiting"
                totals_of(self.accepted)
                self.nothing_is_sent_after_the_end()
        finally:
            super().teardown()


UNKNOWN_THEN_TAKEN = (Outcome.UNKNOWN, Outcome.ACCEPTED)


@pytest.fixture
def kind(kinds: dict[str, str]) -> Iterator[None]:
    kinds["troubled"] = KIND
    yield
    end_trouble()


@pytest.mark.django_db
@pytest.mark.usefixtures("kind")
def test_any_order_of_news_ends_as_the_calls_say(send: Send, accounts: Accounts) -> None:
    live(lambda: RecipientLife(send, accounts), lives=30, steps=6)
