"""The rows of a distribution, before they are written: itself, its steps, batches and recipients with their links."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contacts.identity import Identified
from contacts.ids import new_id
from contacts.models import ApiKey, MailingList, Organization
from contacts.models.api_key import KeyKind
from distributor.engine.acceptance.references import Chain
from distributor.engine.eligibility.policy import throttle_minutes
from distributor.engine.infrastructure import tracing
from distributor.engine.infrastructure.quotas import refuse_if_used_up
from distributor.models import Batch, Distribution, Step
from distributor.models.batch import BatchState
from distributor.models.distribution import ChannelMode
from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import Refusal
from distributor.rules.journey.batching import cut
from distributor.rules.requests import NO_OPTIONS, DistributionRequest, RecipientOptions, StepRequest
from distributor.rules.timing.departure import Terms
from distributor.rules.wording import NO_WORDING

# A recipient's columns, apart from those that a distribution's recipients share.
RecipientRow = dict[str, Any]


class NewRecipient(NamedTuple):
    """A contact that becomes a recipient.

    `position` is that of its first step; its first message leaves at `leaves_at`.
    """

    contact: Identified
    code: str
    position: int
    attributes: Mapping[str, Any]
    leaves_at: datetime
    options: RecipientOptions = NO_OPTIONS


class SkippedContact(NamedTuple):
    """A contact that does not become a recipient, and why."""

    contact: Identified
    refusal: Refusal


def new_distribution(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    chain: Chain,
    terms: Terms,
    recipient_count: int,
    skipped_count: int,
    now: datetime,
    *,
    mailing_list: MailingList | None,
    is_preparing: bool = False,
    key_kind: KeyKind | None = None,
    distribution_id: UUID | None = None,
) -> Distribution:
    """Return the distribution itself, with its counts. `is_preparing`: workers will expand its audience.

    `key_kind` None: the kind of the key; live without one. `distribution_id` None: a new one. Raises
    QuotaUsedUpError for a caller whose first messages would only wait for the next day.
    """
    kind = key_kind or (KeyKind.LIVE if api_key is None else KeyKind(api_key.kind))
    if api_key is not None and kind != KeyKind.TEST and request.is_sent:
        refuse_if_used_up(organization, chain.invitation_channels[0], request.scheduled_at or now)
    return Distribution(
        id=distribution_id or new_id(),
        organization=organization,
        survey_id=chain.survey_id,
        mailing_list=mailing_list,
        api_key=api_key,
        key_kind=kind,
        source=request.source,
        idempotency_key=request.idempotency_key,
        is_preparing=is_preparing,
        name=request.name,
        attributes=dict(request.attributes),
        mode=ChannelMode.MULTI if request.is_multi else ChannelMode.SINGLE,
        scheduled_at=request.scheduled_at,
        not_after=request.not_after,
        expires_at=request.expires_at,
        stops_on=request.stops_on,
        link_type=request.link_type,
        throttle_minutes=throttle_minutes(terms),
        throttle_policy=terms.policy,
        exclude_opted_out=request.audience.exclude_opted_out,
        respect_frequency_rules=request.audience.respect_frequency_rules,
        exclude_recently_contacted=request.audience.exclude_recently_contacted,
        recent_contact_days=request.audience.recent_contact_days,
        accepted_count=recipient_count + skipped_count,
        skipped_count=skipped_count,
        registered_count=0 if request.is_sent else recipient_count,
        created_at=now,
        traceparent=tracing.traceparent(),
    )


def new_steps(
    distribution: Distribution,
    step_requests: Sequence[StepRequest],
    *,
    first_position: int = 0,
    contact_id: UUID | None = None,
    first_id: UUID | None = None,
) -> list[Step]:
    """Return steps in the order given. `contact_id`: the steps are for that contact only.

    `first_id` is the id of the first step; None: a new one.
    """
    return [
        Step(
            id=first_id if first_id is not None and position == first_position else new_id(),
            distribution=distribution,
            contact_id=contact_id,
            position=position,
            priority=step_request.priority,
            kind=step_request.kind,
            channel=step_request.channel,
            provider_account_id=step_request.provider_account_id,
            template_id=step_request.template_id,
            from_email=step_request.from_email,
            from_name=step_request.from_name,
            reply_to_email=step_request.reply_to_email,
            subject=step_request.subject,
            subject_source_id=step_request.subject_source_id,
            has_fixed_split=step_request.has_fixed_split,
            fallback_delay_minutes=step_request.fallback_delay_minutes,
            delay_minutes=step_request.delay_minutes,
            scheduled_at=step_request.scheduled_at,
        )
        for position, step_request in enumerate(step_requests, start=first_position)
    ]


def cut_into_batches(
    distribution: Distribution,
    steps: Sequence[Step],
    recipients: Sequence[NewRecipient],
    state: RecipientState,
    lane: str,
) -> tuple[list[Batch], list[RecipientRow]]:
    """Return batches, and their recipients as rows to write.

    Recipients of one batch have the same step and leave at the same time.
    """
    by_departure: dict[tuple[int, datetime], list[NewRecipient]] = {}
    for recipient in recipients:
        by_departure.setdefault((recipient.position, recipient.leaves_at), []).append(recipient)
    batches: list[Batch] = []
    rows: list[RecipientRow] = []
    for (position, due_at), group in by_departure.items():
        for batch_recipients in cut(group):
            batch = Batch(
                id=new_id(),
                organization_id=distribution.organization_id,
                distribution=distribution,
                step=steps[position],
                lane=lane,
                due_at=due_at,
                size=len(batch_recipients),
                state=BatchState.WAITING if state is RecipientState.WAITING else BatchState.DONE,
            )
            batches.append(batch)
            rows += [_recipient_row(recipient, batch.id) for recipient in batch_recipients]
    return batches, rows


def _recipient_row(recipient: NewRecipient, batch_id: UUID) -> RecipientRow:
    options = recipient.options
    return {
        "contact_id": recipient.contact.id,
        "code": recipient.code,
        "attributes": recipient.attributes,
        "locale": options.locale,
        "baseline_sent_at": options.last_sent_at,
        "wording": None if options.wording is NO_WORDING else options.wording.as_stored(),
        "batch_id": batch_id,
    }
