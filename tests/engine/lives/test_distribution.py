"""A distribution's life: accepted, paused, resumed, moved, cancelled, deleted, sent and answered in any order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from distributor.engine.control import DistributionOverError, cancel, delete, pause, reschedule, resume
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Attempt, Distribution, Recipient
from tests.engine.conftest import Send
from tests.engine.lives.life import MINUTE, Life, live
from tests.support.engine.people import dispatch_at, totals_of

PEOPLE = 3
Meanwhile = tuple[int, bool]  # minutes that pass, and whether workers work then
meanwhiles: st.SearchStrategy[Meanwhile] = st.tuples(st.sampled_from([0, 1, 7, 90]), st.booleans())
delays = st.sampled_from([None, -5, 0, 3, 60])


@dataclass
class Model:
    """What a caller knows of the distribution. All its people share one batch, so they leave together."""

    scheduled_at: datetime | None
    waiting: set[str]
    sent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    is_paused: bool = False
    is_cancelled: bool = False
    is_deleted: bool = False

    def status(self, now: datetime) -> str:
        if self.is_cancelled:
            return "cancelled"
        if not self.waiting:
            return "completed"
        if self.is_paused:
            return "paused"
        return "scheduled" if self.scheduled_at is not None and now < self.scheduled_at else "sending"

    def is_over(self, now: datetime) -> bool:
        return self.status(now) in ("completed", "cancelled")


class DistributionLife(Life):
    def __init__(self, send: Send) -> None:
        super().__init__()
        self.send = send

    @initialize(delay=delays)
    def accept(self, delay: int | None) -> None:
        scheduled_at = None if delay is None else self.now + delay * MINUTE
        self.accepted = self.send(PEOPLE, scheduled_at=scheduled_at, at=self.now)
        self.id = self.accepted.distribution.pk
        self.codes = [person.code for person in self.accepted.recipients]
        self.model = Model(scheduled_at, set(self.codes))

    @rule(meanwhile=meanwhiles)
    def pause(self, meanwhile: Meanwhile) -> None:
        self.work(meanwhile)
        if self.is_allowed(lambda: pause(self.id, self.now), unless=self.model.is_over(self.now)):
            self.model.is_paused = True

    @rule(meanwhile=meanwhiles)
    def resume(self, meanwhile: Meanwhile) -> None:
        self.work(meanwhile)
        if self.is_allowed(lambda: resume(self.id, self.now), unless=self.model.is_over(self.now)):
            self.model.is_paused = False

    @rule(meanwhile=meanwhiles, delay=delays)
    def reschedule(self, meanwhile: Meanwhile, delay: int | None) -> None:
        self.work(meanwhile)
        moment = None if delay is None else self.now + delay * MINUTE
        if self.is_allowed(lambda: reschedule(self.id, moment, self.now), unless=self.model.is_over(self.now)):
            self.model.scheduled_at = moment

    @rule(meanwhile=meanwhiles)
    def cancel(self, meanwhile: Meanwhile) -> None:
        self.work(meanwhile)
        is_completed = self.model.status(self.now) == "completed"
        if self.is_allowed(lambda: cancel(self.id, self.now), unless=is_completed):
            self.model.is_cancelled, self.model.is_paused = True, False

    @rule(meanwhile=meanwhiles)
    def delete(self, meanwhile: Meanwhile) -> None:
        self.work(meanwhile)
        delete(self.id, self.now)
        self.model.is_cancelled = self.model.is_deleted = True

    @rule(meanwhile=meanwhiles)
    def work(self, meanwhile: Meanwhile) -> None:
        minutes, is_working = meanwhile
        self.now += minutes * MINUTE
        if not is_working:
            return
        dispatch_at(self.now)
        totals_of(self.accepted)
        if self.model.status(self.now) == "sending":
            self.model.sent |= self.model.waiting
            self.model.waiting = set()

    @rule(meanwhile=meanwhiles, place=st.integers(0, PEOPLE - 1))
    def answer(self, meanwhile: Meanwhile, place: int) -> None:
        """Somebody answers, whether or not the invitation has left: the call itself returned the link."""
        self.work(meanwhile)
        code = self.codes[place]
        if self.model.is_cancelled or code in self.model.answered:
            with pytest.raises(LinkNotOpenError):
                record_response(code, {"score": 9}, self.now)
        else:
            record_response(code, {"score": 9}, self.now)
            self.model.answered.add(code)
            self.model.waiting.discard(code)

    @invariant()
    def it_is_as_the_caller_expects(self) -> None:
        distribution = Distribution.objects.get(pk=self.id)
        assert distribution.status_at(self.now).value == self.model.status(self.now)
        assert (distribution.deleted_at is not None) == self.model.is_deleted
        assert distribution.responded_count == len(self.model.answered)
        assert sum(distribution.totals.values()) == PEOPLE
        expected_waiting = 0 if self.model.is_cancelled else len(self.model.waiting)
        assert (distribution.totals["sent"], distribution.waiting_count) == (len(self.model.sent), expected_waiting)

    @invariant()
    def exactly_who_was_sent_to_has_a_message(self) -> None:
        recipient_ids = Attempt.objects.values_list("recipient_id", flat=True)
        codes = dict(Recipient.objects.filter(distribution=self.id).values_list("id", "code"))
        assert sorted(codes[recipient_id] for recipient_id in recipient_ids) == sorted(self.model.sent)

    def is_allowed(self, call: Callable[[], Any], *, unless: bool) -> bool:
        """Make the call, which must be refused if the model says so. Returns whether it was allowed."""
        if not unless:
            call()
            return True
        with pytest.raises(DistributionOverError, match=f"is {self.model.status(self.now)}$"):
            call()
        return False


@pytest.mark.django_db
def test_any_order_of_calls_leaves_what_the_caller_expects(send: Send) -> None:
    live(lambda: DistributionLife(send), lives=40, steps=6)
