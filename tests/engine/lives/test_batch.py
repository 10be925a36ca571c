"""A batch's life: workers claim, begin, settle, crash and fail in any order, and lose their claims to one another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, initialize, invariant, multiple, precondition, rule

from channels.providers.base import Outcome, Result
from distributor.engine.dispatch.begin import begin
from distributor.engine.dispatch.claim import LEASE, Claim, ClaimLostError, claim_batch, close_batch, renew_lease
from distributor.engine.dispatch.handover import Begun
from distributor.engine.dispatch.recover import POISON_CLAIMS, recover_handovers, release_failed_claim
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.chunked_job import pause_after
from distributor.engine.route.step_context import StepContext, load_step_context
from distributor.models import Attempt, Batch, Handover, Recipient
from tests.engine.conftest import Send
from tests.engine.lives.life import MINUTE, Life, live

PEOPLE = 3
MOST_BATCHES = 4
ANSWERS = [Outcome.ACCEPTED, Outcome.TRANSIENT, Outcome.PERMANENT]


@dataclass
class Held:
    """What the model knows of a batch: the last claim's fence, and until when it holds."""

    fence: int = 0
    until: datetime | None = None

    def is_free(self, now: datetime) -> bool:
        return self.until is None or self.until <= now


@dataclass
class Worker:
    """A worker with its claim, and its call to the provider if that has begun."""

    claim: Claim
    context: StepContext
    begun: Begun | None = None


class BatchLife(Life):
    calling: Bundle[Worker] = Bundle("calling")  # waits for the provider's answer
    idle: Bundle[Worker] = Bundle("idle")

    def __init__(self, send: Send) -> None:
        super().__init__()
        self.send = send
        self.held: dict[UUID, Held] = {}
        self.calls: list[int] = []  # the recipient of each call to the provider

    @initialize(minutes=st.sampled_from([0, 3]))
    def accept_first(self, minutes: int) -> None:
        self.accept(minutes, claims_before=0)

    @precondition(lambda self: len(self.held) < MOST_BATCHES)
    @rule(minutes=st.sampled_from([0, 3]), claims_before=st.sampled_from([0, POISON_CLAIMS - 1]))
    def accept(self, minutes: int, claims_before: int) -> None:
        """Accept people. The batch may have been claimed in vain many times."""
        self.send(PEOPLE, scheduled_at=self.now + minutes * MINUTE, at=self.now)
        batch = Batch.objects.exclude(pk__in=self.held).get()
        Batch.objects.filter(pk=batch.pk).update(claims=claims_before)
        self.held[batch.pk] = Held()

    @rule(target=idle, minutes=st.sampled_from([0, 2]))
    def claim(self, minutes: int) -> Any:
        """A worker claims the oldest batch that is due and free, and settles what an earlier holder left."""
        self.now += minutes * MINUTE
        free = [pk for pk, held in self.held.items() if held.is_free(self.now)]
        due = Batch.objects.filter(pk__in=free, state="waiting", due_at__lte=self.now)
        oldest = due.order_by("due_at").values_list("due_at", flat=True).first()
        claim = claim_batch("urgent", self.now)
        if claim is None:
            assert oldest is None
            return multiple()
        assert Batch.objects.get(pk=claim.batch_id).due_at == oldest
        held = self.held[claim.batch_id]
        assert claim.fence == held.fence + 1
        held.fence, held.until = claim.fence, self.now + LEASE
        context = load_step_context(claim.distribution_id, claim.step_id)
        recover_handovers(claim, context, self.now)
        self.find_new_batches()
        return Worker(claim, context)

    @rule(worker=idle)
    def renew(self, worker: Worker) -> None:
        if self.is_lost(worker.claim):
            with pytest.raises(ClaimLostError):
                renew_lease(worker.claim, self.now)
        else:
            renew_lease(worker.claim, self.now)
            self.held[worker.claim.batch_id].until = self.now + LEASE

    @rule(target=calling, worker=consumes(idle))
    def begin(self, worker: Worker) -> Any:
        if self.is_lost(worker.claim):
            with pytest.raises(ClaimLostError):
                begin(worker.claim, worker.context, 1, self.now)
            return multiple()
        begun = begin(worker.claim, worker.context, 1, self.now)
        self.held[worker.claim.batch_id].until = self.now + LEASE
        if begun is None:
            self.release(worker)
            return multiple()
        assert isinstance(begun, Begun)
        self.calls += [person.recipient_id for person in begun.people]
        worker.begun = begun
        return worker

    @rule(target=idle, worker=consumes(calling), outcome=st.sampled_from(ANSWERS))
    def settle(self, worker: Worker, outcome: Outcome) -> Worker:
        """The provider answers, whether or not the worker still holds the batch."""
        self._settle(worker, outcome, closes_batch=False)
        return worker

    @rule(worker=consumes(calling), outcome=st.sampled_from(ANSWERS))
    def settle_and_release(self, worker: Worker, outcome: Outcome) -> None:
        """The last call of a batch, or of a worker's time: its answer and the release are one transaction."""
        if self._settle(worker, outcome, closes_batch=True):
            self._note_release(worker)

    def _settle(self, worker: Worker, outcome: Outcome, *, closes_batch: bool) -> bool:
        """Settle, and return whether no other worker had done so."""
        assert worker.begun is not None
        unsettled = Handover.objects.filter(pk=worker.begun.handover_id, settled_at=None).count()
        expected = Attempt.objects.count() + unsettled
        settle(worker.claim, worker.context, worker.begun, [Result(outcome)], self.now, closes_batch=closes_batch)
        assert Attempt.objects.count() == expected
        self.find_new_batches()
        return bool(unsettled)

    @rule(target=idle, worker=consumes(calling), outcome=st.sampled_from(ANSWERS))
    def settle_late(self, worker: Worker, outcome: Outcome) -> Any:
        """The provider answers when another worker holds the batch already."""
        other = self.claim(minutes=2)
        return multiple(self.settle(worker, outcome), *([other] if isinstance(other, Worker) else []))

    @rule(worker=consumes(idle))
    def release(self, worker: Worker) -> None:
        close_batch(worker.claim)
        self._note_release(worker)

    def _note_release(self, worker: Worker) -> None:
        if self.held[worker.claim.batch_id].fence == worker.claim.fence:
            self.held[worker.claim.batch_id].until = None
            waits = Recipient.objects.filter(batch=worker.claim.batch_id, state="waiting").exists()
            assert (Batch.objects.get(pk=worker.claim.batch_id).state == "waiting") == waits

    @rule(worker=consumes(idle) | consumes(calling))
    def fail(self, worker: Worker) -> None:
        """Our own code raises. A batch that has failed too often is split, and its last person fails."""
        claim = worker.claim
        release_failed_claim(claim, ValueError("poison"), self.now)
        if self.held[claim.batch_id].fence == claim.fence:
            is_split = claim.claims >= POISON_CLAIMS
            self.held[claim.batch_id].until = None if is_split else self.now + pause_after(claim.claims)
        self.find_new_batches()

    @rule(worker=consumes(calling))
    def crash(self, worker: Worker) -> None:
        """The worker is killed in its call. The lease runs out, and the next holder settles the call as unknown."""

    @invariant()
    def nobody_is_in_two_calls_or_called_again_without_a_reason(self) -> None:
        unsettled = Handover.objects.filter(settled_at=None).values_list("recipient_ids", flat=True)
        open_calls = [recipient_id for ids in unsettled for recipient_id in ids]
        assert len(open_calls) == len(set(open_calls))
        tried = dict.fromkeys(self.calls, 0)
        for recipient_id, state in Attempt.objects.values_list("recipient_id", "state"):
            tried[recipient_id] += 1
            assert state in ("sent", "failed", "unknown")
        for recipient_id, count in tried.items():
            assert self.calls.count(recipient_id) == count + open_calls.count(recipient_id)

    @invariant()
    def everybody_waits_in_a_batch_that_will_be_claimed_or_has_ended(self) -> None:
        done = Batch.objects.filter(state="done").values("pk")
        assert not Recipient.objects.filter(state="waiting", batch__in=done).exists()
        assert not Recipient.objects.filter(state="waiting").exclude(batch__in=list(self.held)).exists()

    def is_lost(self, claim: Claim) -> bool:
        held = self.held[claim.batch_id]
        is_done = Batch.objects.filter(pk=claim.batch_id, state="done").exists()
        return held.fence != claim.fence or held.is_free(self.now) or is_done

    def find_new_batches(self) -> None:
        for pk in Batch.objects.exclude(pk__in=self.held).values_list("pk", flat=True):
            self.held[pk] = Held()


@pytest.mark.django_db
def test_claims_are_lost_in_any_order_and_nobody_is_called_twice_at_once(send: Send) -> None:
    live(lambda: BatchLife(send), lives=8, steps=30)
