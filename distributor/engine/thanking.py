"""Thank-yous: what a response arms."""

from datetime import datetime, timedelta

from distributor.engine.facts import address_on
from distributor.engine.hints import hint_on_commit
from distributor.engine.journeys import Correction, add_counts, correct_recipients
from distributor.engine.rearming import arm_batch
from distributor.models import Recipient, Step
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.chaining import StepKind
from distributor.rules.planning import lane_for
from distributor.rules.stopping import StopReason


def thank(recipient_id: int, now: datetime) -> None:
    """Let a responder wait for the first thank-you step that it has an address for, if there is one.

    Runs in the caller's transaction, which holds the recipient's lock and has called off what it waited for. Whoever
    is only registered, was stopped before it answered, or could not be reached is not written to by us.
    """
    recipient = Recipient.objects.select_related("batch", "contact").get(pk=recipient_id)
    contact = recipient.contact
    steps = Step.objects.filter(distribution_id=recipient.distribution_id, kind=StepKind.THANK_YOU)
    step = next((one for one in steps if address_on(one.channel, contact.email, contact.phone)), None)
    if step is None or not _is_thanked(recipient):
        return
    due_at = now + timedelta(minutes=step.delay_minutes or 0)
    batch_id = arm_batch(recipient.batch, step.id, due_at, 1)
    waits = Correction(recipient.pk, RecipientState.WAITING, "", "", recipient.first_sent_at, batch_id)
    add_counts(correct_recipients([waits]))
    if due_at <= now:
        hint_on_commit(lane_for(1))


def _is_thanked(recipient: Recipient) -> bool:
    if recipient.state == RecipientState.STOPPED:
        return recipient.reason == StopReason.RESPONDED
    return recipient.state == RecipientState.FINISHED and recipient.outcome != RecipientOutcome.FAILED
