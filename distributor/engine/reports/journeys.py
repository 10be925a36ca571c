"""All distributions that a contact was part of, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from distributor.models import Decision, Distribution, Recipient
from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import Reason
from distributor.rules.phrases import label_reason
from distributor.rules.timing.time_zones import zone_named

SHOWN: Final = 25


@dataclass(frozen=True, slots=True)
class JourneySummary:
    """A distribution that a contact was part of. `recipient_id` is None if it was left out.

    `state` is registered, waiting, sent, failed, indeterminate, stopped or skipped. `explanation`: the reason in words.
    """

    distribution: Distribution
    recipient_id: int | None
    at: datetime
    state: str
    explanation: str = ""
    responded_at: datetime | None = None


def read_journeys(contact_id: UUID, limit: int = SHOWN, *, language: str = "en") -> list[JourneySummary]:
    """Return the contact's journeys and the times it was left out, in three queries, at most `limit` of each.

    `language` is that of the explanations.
    """
    recipients = Recipient.objects.filter(contact_id=contact_id).select_related(
        "distribution__survey", "distribution__organization"
    )
    journeys = [_summary(recipient, language) for recipient in recipients.order_by("-pk")[:limit]]
    skipped = list(Decision.objects.filter(contact_id=contact_id, recipient_id=None).order_by("-pk")[:limit])
    if skipped:
        ids = {decision.distribution_id for decision in skipped}
        distributions = Distribution.objects.select_related("survey", "organization").in_bulk(ids)
        journeys += [_left_out(decision, distributions[decision.distribution_id], language) for decision in skipped]
    return sorted(journeys, key=lambda journey: journey.at, reverse=True)


def _summary(recipient: Recipient, language: str) -> JourneySummary:
    is_cancelled = recipient.state == RecipientState.WAITING and recipient.distribution.cancelled_at is not None
    state = "stopped" if is_cancelled else recipient.outcome or recipient.state
    reason = Reason.CANCELLED.value if is_cancelled else recipient.reason
    return JourneySummary(
        recipient.distribution,
        recipient.pk,
        recipient.created_at,
        state,
        explanation=label_reason(reason, language=language) if reason else "",
        responded_at=recipient.responded_at,
    )


def _left_out(decision: Decision, distribution: Distribution, language: str) -> JourneySummary:
    zone = zone_named(distribution.organization.time_zone)
    explanation = decision.sentence(zone, language)
    return JourneySummary(distribution, None, decision.decided_at, "skipped", explanation)
