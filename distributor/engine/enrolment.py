"""Writing a distribution down: its list, steps and batches, its recipients with their links, and who was skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from contacts.identity import Identified
from contacts.ids import new_id
from contacts.models import ApiKey, MailingList, Organization
from distributor.engine.bulk import rows_of
from distributor.engine.references import Chain
from distributor.models import Batch, Decision, Distribution, Step
from distributor.models.decision import DecisionKind
from distributor.models.distribution import ChannelMode
from distributor.rules.eligibility import Refusal
from distributor.rules.planning import cut, lane_for
from distributor.rules.requests import DistributionRequest

# As one JSON parameter: a thousand rows are parsed by PostgreSQL faster than a thousand VALUES are planned.
_INSERT_RECIPIENTS = """
INSERT INTO distributor_recipient (
    distribution_id, contact_id, code, batch_id, attributes,
    state, outcome, reason, locale, attempt_count, created_at)
SELECT %(distribution_id)s, contact_id, code, batch_id, attributes, 'waiting', '', '', '', 0, %(now)s
FROM json_to_recordset(%(recipients)s) AS given(contact_id uuid, code text, batch_id uuid, attributes jsonb)
"""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A contact that becomes a recipient, on the step at `position`, with the embedded data of this call."""

    contact: Identified
    code: str
    position: int
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A contact that does not."""

    contact: Identified
    refusal: Refusal


def create_distribution(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    chain: Chain,
    enrolled_count: int,
    skipped_count: int,
) -> Distribution:
    """The distribution and its automatic mailing list."""
    mailing_list = MailingList.objects.create(organization=organization, name=request.name)
    return Distribution.objects.create(
        organization=organization,
        survey=chain.survey,
        mailing_list=mailing_list,
        api_key=api_key,
        source=request.source,
        name=request.name,
        mode=ChannelMode.MULTI if request.is_multi else ChannelMode.SINGLE,
        scheduled_at=request.scheduled_at,
        exclude_opted_out=request.audience.exclude_opted_out,
        respect_frequency_rules=request.audience.respect_frequency_rules,
        exclude_recently_contacted=request.audience.exclude_recently_contacted,
        recent_contact_days=request.audience.recent_contact_days,
        accepted_count=enrolled_count + skipped_count,
        skipped_count=skipped_count,
    )


def enrol(
    distribution: Distribution, chain: Chain, enrolled: Sequence[Enrolled], skipped: Sequence[Skipped], now: datetime
) -> set[str]:
    """Steps, batches, recipients and decisions. Returns the lanes that have work at once."""
    steps = Step.objects.bulk_create(
        Step(
            distribution=distribution,
            position=position,
            priority=step.priority,
            channel=step.channel,
            provider_account_id=step.provider_account_id,
            template_id=step.template_id,
            from_email=step.from_email,
            from_name=step.from_name,
            reply_to_email=step.reply_to_email,
            fallback_delay_minutes=step.fallback_delay_minutes,
        )
        for position, step in enumerate(chain.steps)
    )
    due_at = max(now, distribution.scheduled_at or now)
    batches: list[Batch] = []
    recipients: list[dict[str, Any]] = []
    for step in steps:
        for run in cut([one for one in enrolled if one.position == step.position]):
            batch = Batch(
                id=new_id(),
                organization_id=distribution.organization_id,
                distribution=distribution,
                step=step,
                lane=lane_for(len(enrolled)),
                due_at=due_at,
                size=len(run),
            )
            batches.append(batch)
            recipients += _recipient_rows(run, batch.id)
    Batch.objects.bulk_create(batches)
    if recipients:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_RECIPIENTS,
                {"distribution_id": distribution.id, "now": now, "recipients": rows_of(recipients)},
            )
    Decision.objects.bulk_create(
        Decision(
            distribution_id=distribution.id,
            contact_id=one.contact.id,
            kind=DecisionKind.SKIPPED,
            reason=one.refusal.reason,
            detail=dict(one.refusal.detail),
            decided_at=now,
        )
        for one in skipped
    )
    return {batch.lane for batch in batches if due_at <= now}


def _recipient_rows(enrolled: Sequence[Enrolled], batch_id: UUID) -> list[dict[str, Any]]:
    return [
        {"contact_id": one.contact.id, "code": one.code, "batch_id": batch_id, "attributes": one.attributes}
        for one in enrolled
    ]
