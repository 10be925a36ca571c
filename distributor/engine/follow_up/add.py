"""Follow-ups: reminders and thank-yous that are added to an existing distribution, even one that has completed.

Each becomes a step of its distribution with a scheduled time of its own. The call writes the step at once, whatever the
size. Workers then arm it for the recipients in chunks, in the order of their ids, one transaction per chunk. See
docs/decisions/0021.

Nobody is missed and nobody gets it twice, because adding a step locks the distribution's row (journey/switch.py). When
the step is there, all begins that did not know it have ended, and every later begin knows it (begin.is_outdated). So
each recipient is in one of three situations:

idle, or waiting for something later   a chunk finds the recipient under its lock
with a provider                        the chunk marks the recipient, and settle arms the step (arm.arm_after_settle)
before its next hand-over              the settle of that hand-over knows the step
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef

from contacts.contact_fields import MAX_DATA_KEYS
from contacts.models import Contact
from distributor.engine.acceptance.own_texts import with_own_templates
from distributor.engine.acceptance.references import UnknownReferencesError, check_senders, step_faults
from distributor.engine.acceptance.write import write_steps
from distributor.engine.follow_up.arm import arm_candidates, ends_before, find_candidates, lock_next_recipients
from distributor.engine.infrastructure.chunked_job import record_progress, run_chunk, run_time_slice
from distributor.engine.infrastructure.transactions import retry_deadlocks
from distributor.engine.infrastructure.wakeups import wake_follow_ups_on_commit
from distributor.engine.journey.switch import change_uncancelled
from distributor.models import Decision, Distribution, Expansion, FollowUp, Recipient, Step
from distributor.models.batch import Lane
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType, StepRequest

# Steps for everybody, per distribution: workers read them with each batch. Steps for one contact do not count.
MAX_FOLLOW_UPS: Final = 100


class FollowUpRefusal(StrEnum):
    """Why a step cannot be added to a distribution. Stable: callers read them."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"  # nothing is sent any more
    TOO_LATE = "too_late"  # nothing will be sent any more at the step's scheduled time
    NOTHING_SENT = "nothing_sent"  # recipients are only registered: the caller hands out the links
    NOBODY_TO_THANK = "nobody_to_thank"  # links are anonymous, so responders are unknown
    NOT_A_RECIPIENT = "not_a_recipient"
    TOO_MANY = "too_many"
    TOO_MANY_ATTRIBUTES = "too_many_attributes"


class FollowUpRefusedError(Exception):
    """The step was not added."""

    def __init__(self, reason: FollowUpRefusal) -> None:
        super().__init__(f"the step is not added: {reason.value}")
        self.reason = reason


@retry_deadlocks
def add_follow_up(
    distribution_id: UUID,
    request: StepRequest,
    now: datetime,
    *,
    contact_id: UUID | None = None,
    step_id: UUID | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Step:
    """Add a reminder or thank-you with a `scheduled_at`, for everybody or one contact. Workers arm it afterwards.

    A reminder goes to recipients who have been sent to by then and have not responded, a thank-you to recipients who
    have responded by then. A `scheduled_at` in the past means now. `attributes` are laid over the distribution's, or
    over the one recipient's, for every message that is not written yet. With the `step_id` of a step that is there
    already, nothing is added. Raises FollowUpRefusedError, and UnknownReferencesError for provider accounts and the
    template.
    """
    if request.scheduled_at is None:
        raise ValueError("an added step needs scheduled_at")
    request = replace(request, scheduled_at=max(request.scheduled_at, now))
    # Before the distribution, as a response locks them.
    recipient = _lock_recipient(distribution_id, contact_id) if attributes and contact_id is not None else None
    locked = Distribution.objects.select_for_update(of=("self",))
    distribution = locked.select_related("organization", "expansion", "open_link").get(pk=distribution_id)
    if step_id is not None and (added := distribution.steps.filter(pk=step_id).first()) is not None:
        return added
    _require_addable(distribution, request, contact_id, now)
    [request] = with_own_templates(distribution.organization, [request])
    check_senders(distribution.organization, [request])
    if faults := step_faults(distribution.organization, [request]):
        raise UnknownReferencesError(faults)
    last_position = distribution.steps.aggregate(last=Max("position"))["last"]
    (step,) = write_steps(
        distribution, [request], first_position=last_position + 1, contact_id=contact_id, first_id=step_id
    )
    FollowUp.objects.create(step=step, due_at=now)
    if attributes:
        _add_attributes(distribution if contact_id is None else recipient, attributes)
    distribution.follow_up_count += 1
    distribution.arming_count += 1
    distribution.save(update_fields=["follow_up_count", "arming_count"])
    wake_follow_ups_on_commit()
    return step


def arm_due_follow_ups(clock: Callable[[], datetime]) -> bool:
    """Arm added steps for their recipients for one time slice. Returns whether there may be more to do."""
    return run_time_slice(arm_next_chunk, clock)


def arm_next_chunk(now: datetime, size: int = BATCH_SIZE) -> bool:
    """Arm the follow-up that has waited longest for its next chunk of recipients. Returns whether there was one."""
    return run_chunk(lambda: _lock_next(now), lambda follow_up: _arm_chunk(follow_up, size, now), now)


def has_due_follow_ups(now: datetime) -> bool:
    """Return whether any follow-up still has recipients to be armed for."""
    return FollowUp.objects.filter(is_done=False, due_at__lte=now).exists()


def _require_addable(distribution: Distribution, request: StepRequest, contact_id: UUID | None, now: datetime) -> None:
    """Raise FollowUpRefusedError if the step cannot be added."""
    reason = None
    if distribution.cancelled_at is not None:
        reason = FollowUpRefusal.CANCELLED
    elif ends_before(Step(distribution=distribution, scheduled_at=now), now):
        reason = FollowUpRefusal.EXPIRED
    elif ends_before(Step(distribution=distribution, scheduled_at=request.scheduled_at), now):
        reason = FollowUpRefusal.TOO_LATE
    elif _is_registration_only(distribution):
        reason = FollowUpRefusal.NOTHING_SENT
    elif request.kind is StepKind.THANK_YOU and distribution.link_type == LinkType.ANONYMOUS:
        reason = FollowUpRefusal.NOBODY_TO_THANK
    elif contact_id is not None:
        if not Recipient.objects.filter(distribution=distribution, contact_id=contact_id).exists():
            reason = FollowUpRefusal.NOT_A_RECIPIENT
    elif distribution.steps.filter(contact=None, scheduled_at__isnull=False).count() >= MAX_FOLLOW_UPS:
        reason = FollowUpRefusal.TOO_MANY
    if reason is not None:
        raise FollowUpRefusedError(reason)


def _lock_recipient(distribution_id: UUID, contact_id: UUID) -> Recipient | None:
    """Lock a contact's recipient; None if there is none, or the contact was erased."""
    recipients = Recipient.objects.filter(distribution=distribution_id, contact_id=contact_id)
    recipient = recipients.select_for_update(no_key=True).first()
    # Asked when the lock is there: an erasure may have been waited for.
    is_erased = Contact.objects.filter(pk=contact_id, erased_at__isnull=False).exists()
    return None if is_erased else recipient


def _add_attributes(row: Distribution | Recipient | None, attributes: Mapping[str, Any]) -> None:
    """Lay attributes over those of a distribution or of one recipient. Raises FollowUpRefusedError for too many.

    What erasing a person has emptied stays empty: a recipient's, and those of a distribution to one contact.
    """
    if row is None or (isinstance(row, Distribution) and _is_of_nobody(row)):
        return
    row.attributes = {**row.attributes, **attributes}
    if len(row.attributes) > MAX_DATA_KEYS:
        raise FollowUpRefusedError(FollowUpRefusal.TOO_MANY_ATTRIBUTES)
    row.save(update_fields=["attributes"])


def _is_of_nobody(distribution: Distribution) -> bool:
    """Return whether its only contact, a recipient or skipped, was erased."""
    if distribution.accepted_count != 1:
        return False
    skipped = Decision.objects.filter(distribution_id=distribution.pk, recipient_id=None)
    ids = [
        *Recipient.objects.filter(distribution=distribution).values_list("contact_id", flat=True),
        *skipped.values_list("contact_id", flat=True),
    ]
    return Contact.objects.filter(pk__in=ids, erased_at__isnull=False).exists()


def _is_registration_only(distribution: Distribution) -> bool:
    """Return whether recipients only get links. This is known before an audience is expanded, too."""
    expansion: Expansion | None = getattr(distribution, "expansion", None)
    has_open_link = getattr(distribution, "open_link", None) is not None
    return has_open_link or distribution.registered_count > 0 or (expansion is not None and not expansion.is_sent)


def _lock_next(now: datetime) -> FollowUp | None:
    """Lock the due follow-up that has waited longest and that no other worker holds.

    Follow-ups of one distribution are armed one after the other: a recipient who has not been looked at for the first
    must not wait for the second.
    """
    earlier = FollowUp.objects.filter(
        is_done=False,
        step__distribution=OuterRef("step__distribution"),
        step__position__lt=OuterRef("step__position"),
    )
    waiting = FollowUp.objects.filter(~Exists(earlier), is_done=False, due_at__lte=now).order_by("due_at", "pk")
    locked = waiting.select_for_update(skip_locked=True, of=("self",))
    return locked.select_related("step__distribution").first()


def _arm_chunk(follow_up: FollowUp, size: int, now: datetime) -> None:
    step = follow_up.step
    if step.distribution.cancelled_at is not None:
        _save_progress(follow_up, set(), now, is_last=True)
        Distribution.objects.filter(pk=step.distribution_id).update(arming_count=F("arming_count") - 1)
        return
    rows = [] if ends_before(step, now) else lock_next_recipients(step, follow_up.after_id, size)
    is_last = step.contact_id is not None or len(rows) < size
    # A distribution that fits into one chunk is a small send like any other, and gets the lane for its size.
    lane = lane_for(len(rows)) if is_last and follow_up.after_id == 0 else Lane.BULK
    armed_ids = arm_candidates(step, find_candidates(rows), now, lane=lane)
    follow_up.after_id = rows[-1].id if rows else follow_up.after_id
    _save_progress(follow_up, armed_ids, now, is_last=is_last)
    change_uncancelled(step.distribution_id, arming_count=F("arming_count") - (1 if is_last else 0))


def _save_progress(follow_up: FollowUp, armed_ids: set[int], now: datetime, *, is_last: bool) -> None:
    follow_up.armed_count += len(armed_ids)
    follow_up.is_done = is_last
    record_progress(follow_up, now, "after_id", "armed_count", "is_done")
