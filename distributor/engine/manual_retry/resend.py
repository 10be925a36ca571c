"""Let recipients who were not reached wait for the first step of their journey again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.engine.journey.batches import arm_batch
from distributor.engine.journey.decisions import new_decision
from distributor.engine.journey.transitions import Correction, add_counts, correct_recipients
from distributor.engine.manual_retry.unreached import Unreached
from distributor.models import Batch, Decision, ManualRetry, Recipient
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.journey.conclusion import UNKNOWN_OUTCOME


def resend_to(retry: ManualRetry, unreached: Sequence[Unreached], now: datetime, *, lane: str) -> None:
    """Begin the journeys of locked recipients anew, each with a Decision, in the caller's transaction."""
    if not unreached:
        return
    earlier_batch = Batch.objects.get(pk=unreached[0].batch_id)
    recipients_by_step: defaultdict[UUID, list[Unreached]] = defaultdict(list)
    for recipient in unreached:
        recipients_by_step[recipient.first_step_id].append(recipient)
    corrections: list[Correction] = []
    for step_id, recipients in recipients_by_step.items():
        batch_id = arm_batch(earlier_batch, step_id, now, len(recipients), lane=lane)
        corrections += [
            Correction(recipient.id, RecipientState.WAITING, "", "", None, batch_id) for recipient in recipients
        ]
    add_counts(correct_recipients(corrections))
    recipient_ids = [recipient.id for recipient in unreached]
    Recipient.objects.filter(pk__in=recipient_ids).update(attempts_before_retry=F("attempt_count"))
    Decision.objects.bulk_create(_decision(retry, recipient, now) for recipient in unreached)
    wake_lane_on_commit(lane)


def _decision(retry: ManualRetry, recipient: Unreached, now: datetime) -> Decision:
    detail = {"outcome": recipient.outcome, "channel": recipient.channel, "askedBy": retry.source}
    if recipient.code or recipient.detail:
        detail |= {"code": recipient.code, "detail": recipient.detail}
    return new_decision(
        DecisionKind.RETRIED,
        recipient.reason or UNKNOWN_OUTCOME,
        now,
        distribution_id=retry.distribution_id,
        contact_id=recipient.contact_id,
        recipient_id=recipient.id,
        detail=detail,
    )
