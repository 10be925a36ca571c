"""Arm the thank-you that follows a response. Each responder gets it once."""

from datetime import datetime

from django.db.models import Q

from distributor.engine.eligibility.facts import address_on
from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.engine.journey.batches import arm_batch
from distributor.engine.journey.people import find_in_flight
from distributor.engine.journey.transitions import Correction, add_counts, correct_recipients
from distributor.models import Recipient, Step
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.journey.batching import lane_for
from distributor.rules.journey.chain import StepKind, next_thank_you
from distributor.rules.journey.stop_reasons import StopReason


def arm_thank_you(recipient_id: int, now: datetime) -> None:
    """Let a responder wait for the first thank-you on a channel that they have an address for, if there is one.

    Runs in the caller's transaction, which holds the recipient's lock and has stopped what the recipient waited for.
    People who are only registered, were stopped before they responded, or could not be reached get no thank-you.

    A recipient whose message is with a provider now is only marked, and gets the thank-you when that message is
    settled. In two hand-overs at once, both attempts would have the same number.
    """
    recipient = Recipient.objects.select_related("batch__step", "contact").get(pk=recipient_id)
    next_step = _next_thank_you(recipient, now) if _may_be_thanked(recipient) else None
    if next_step is None:
        return
    if find_in_flight([recipient_id]):
        Recipient.objects.filter(pk=recipient_id).update(has_early_events=True)
        return
    step, due_at = next_step
    batch_id = arm_batch(recipient.batch, step.id, due_at, 1)
    correction = Correction(recipient.pk, RecipientState.WAITING, "", "", recipient.first_sent_at, batch_id)
    add_counts(correct_recipients([correction]))
    if due_at <= now:
        wake_lane_on_commit(lane_for(1))


def _may_be_thanked(recipient: Recipient) -> bool:
    if recipient.batch.step.kind == StepKind.THANK_YOU:
        return False  # an earlier call has armed the thank-you
    if recipient.state == RecipientState.STOPPED:
        return recipient.reason == StopReason.RESPONDED
    return recipient.state == RecipientState.FINISHED and recipient.outcome != RecipientOutcome.FAILED


def _next_thank_you(recipient: Recipient, now: datetime) -> tuple[Step, datetime] | None:
    contact = recipient.contact
    for_this_contact = Q(contact_id=None) | Q(contact_id=contact.pk)
    steps = list(
        Step.objects.filter(for_this_contact, distribution_id=recipient.distribution_id, kind=StepKind.THANK_YOU)
    )
    reachable = {step.channel for step in steps if address_on(step.channel, contact.email, contact.phone)}
    return next_thank_you(steps, responded_at=recipient.responded_at or now, reachable=reachable, now=now)
