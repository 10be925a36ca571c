"""Follow-ups: reminders and thank-yous that are asked for when their distribution is there, perhaps long over.

Each becomes a step of its distribution with a moment of its own, at once whatever the size. Workers then bring it to
the people: a chunk of recipients, in the order of their ids, is one transaction. See docs/decisions/0021.

Nobody is missed and nobody gets it twice, because adding a step is a switch of the distribution's row. Begins that were
under way have ended when the step is there, and every later one knows it (beginning.is_outdated). So there are those
who rest, whom the chunks find under their lock; those who are with a provider, whom a mark makes their settle look at
again; and those whose next hand-over is still to come.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef

from distributor.engine.acceptance.references import UnknownReferencesError, step_faults
from distributor.engine.acceptance.write import write_steps
from distributor.engine.follow_up.arm import arm, is_over, lock_next, look_at
from distributor.engine.infrastructure.chunked_job import InputsChangedError, record_progress, run_chunk, run_time_slice
from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.infrastructure.wakeups import wake_follow_ups_on_commit
from distributor.models import Distribution, Expansion, FollowUp, Recipient, Step
from distributor.models.batch import Lane
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType, StepRequest

# To everybody: every worker reads them with each batch. Of one person's own there may be any number.
MAX_FOLLOW_UPS: Final = 100


class FollowUpRefusal(StrEnum):
    """Why nothing is added to a distribution. Stable: callers read them."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"  # nothing leaves any more
    TOO_LATE = "too_late"  # at the step's moment nothing will leave any more
    NOTHING_SENT = "nothing_sent"  # its people are only registered: whoever hands their links out reminds and thanks
    NOBODY_TO_THANK = "nobody_to_thank"  # nobody knows who answers through anonymous links
    NOT_A_RECIPIENT = "not_a_recipient"
    TOO_MANY = "too_many"


class FollowUpRefusedError(Exception):
    """Nothing was added."""

    def __init__(self, hindrance: FollowUpRefusal) -> None:
        super().__init__(f"the step is not added: {hindrance.value}")
        self.hindrance = hindrance


@retry_deadlocks
def add_follow_up(distribution_id: UUID, asked: StepRequest, now: datetime, *, contact_id: UUID | None = None) -> Step:
    """Add a reminder or thank-you with a `scheduled_at`, for everybody or one contact; workers bring it to the people.

    A reminder goes to whoever has been sent to by then and has not answered, a thank-you to whoever has answered by
    then; a moment that has passed means now. Raises Hindered, and UnknownReferences of provider accounts and template.
    """
    if asked.scheduled_at is None:
        raise ValueError("what is added has a moment of its own")
    asked = replace(asked, scheduled_at=max(asked.scheduled_at, now))
    locked = Distribution.objects.select_for_update(of=("self",))
    distribution = locked.select_related("organization", "expansion").get(pk=distribution_id)
    _require_unhindered(distribution, asked, contact_id, now)
    if faults := step_faults(distribution.organization, [asked]):
        raise UnknownReferencesError(faults)
    last = distribution.steps.aggregate(last=Max("position"))["last"]
    (step,) = write_steps(distribution, [asked], first_position=last + 1, contact_id=contact_id)
    FollowUp.objects.create(step=step, due_at=now)
    distribution.follow_up_count += 1
    distribution.arming_count += 1
    distribution.save(update_fields=["follow_up_count", "arming_count"])
    wake_follow_ups_on_commit()
    return step


def bring_due(clock: Callable[[], datetime]) -> bool:
    """Bring what was added to its people for one slice of time. Returns whether there may be more to do."""
    return run_time_slice(bring_chunk, clock)


def bring_chunk(now: datetime, size: int = BATCH_SIZE) -> bool:
    """Look at the next recipients for the follow-up that has waited longest; whether there was one."""
    return run_chunk(lambda: _take(now), lambda follow_up: _bring(follow_up, size, now), now)


def due_follow_ups(now: datetime) -> bool:
    """Whether anything waits to be brought to its people."""
    return FollowUp.objects.filter(is_done=False, due_at__lte=now).exists()


def _require_unhindered(distribution: Distribution, asked: StepRequest, contact_id: UUID | None, now: datetime) -> None:
    at_once = Step(distribution=distribution, scheduled_at=now)
    then = Step(distribution=distribution, scheduled_at=asked.scheduled_at)
    is_thanks = asked.kind is StepKind.THANK_YOU
    hindrance = None
    if distribution.cancelled_at is not None:
        hindrance = FollowUpRefusal.CANCELLED
    elif is_over(at_once, now):
        hindrance = FollowUpRefusal.EXPIRED
    elif is_over(then, now):
        hindrance = FollowUpRefusal.TOO_LATE
    elif _is_registering(distribution):
        hindrance = FollowUpRefusal.NOTHING_SENT
    elif is_thanks and distribution.link_type == LinkType.ANONYMOUS:
        hindrance = FollowUpRefusal.NOBODY_TO_THANK
    elif contact_id is not None:
        if not Recipient.objects.filter(distribution=distribution, contact_id=contact_id).exists():
            hindrance = FollowUpRefusal.NOT_A_RECIPIENT
    elif distribution.steps.filter(contact=None, scheduled_at__isnull=False).count() >= MAX_FOLLOW_UPS:
        hindrance = FollowUpRefusal.TOO_MANY
    if hindrance is not None:
        raise FollowUpRefusedError(hindrance)


def _is_registering(distribution: Distribution) -> bool:
    """Whether its people get links and nothing else, perhaps before anybody of its audience has."""
    expansion: Expansion | None = getattr(distribution, "expansion", None)
    return distribution.registered_count > 0 or (expansion is not None and not expansion.is_sent)


def _take(now: datetime) -> FollowUp | None:
    """The one that is due first and that nobody else works on, locked. Its turn comes again after the others'.

    Those of one distribution come one after the other: nobody waits for the second who was not looked at for the first.
    """
    before = FollowUp.objects.filter(
        is_done=False,
        step__distribution=OuterRef("step__distribution"),
        step__position__lt=OuterRef("step__position"),
    )
    waiting = FollowUp.objects.filter(~Exists(before), is_done=False, due_at__lte=now).order_by("due_at", "pk")
    locked = waiting.select_for_update(skip_locked=True, of=("self",))
    return locked.select_related("step__distribution").first()


def _bring(follow_up: FollowUp, size: int, now: datetime) -> None:
    step = follow_up.step
    if step.distribution.cancelled_at is not None:
        _go_forward(follow_up, set(), now, is_last=True)
        Distribution.objects.filter(pk=step.distribution_id).update(arming_count=F("arming_count") - 1)
        return
    rows = [] if is_over(step, now) else lock_next(step, follow_up.after_id, size)
    is_last = step.contact_id is not None or len(rows) < size
    # A distribution that fits into one chunk is a small send like any other.
    lane = lane_for(len(rows)) if is_last and follow_up.after_id == 0 else Lane.BULK
    armed = arm(step, look_at(rows), now, lane=lane)
    follow_up.after_id = rows[-1].id if rows else follow_up.after_id
    _go_forward(follow_up, armed, now, is_last=is_last)
    _require_uncancelled(step.distribution_id, is_last=is_last)


def _go_forward(follow_up: FollowUp, armed: set[int], now: datetime, *, is_last: bool) -> None:
    follow_up.armed_count += len(armed)
    follow_up.is_done = is_last
    record_progress(follow_up, now, "after_id", "armed_count", "is_done")


def _require_uncancelled(distribution_id: UUID, *, is_last: bool) -> None:
    """Last, so that the row that everybody writes is locked for no longer than a commit takes. Raises Steered.

    A cancel makes every batch due at once. One that was armed beside it would keep its people waiting until its moment.
    """
    standing = Distribution.objects.filter(pk=distribution_id, cancelled_at=None)
    if not standing.update(arming_count=F("arming_count") - (1 if is_last else 0)):
        raise InputsChangedError
