"""Translate between the quick body and the engine's requests and results."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from contacts.contact_fields import ContactFields
from contacts.identity import Identified
from distributor.api.answers.problems import Fault, FaultDocument
from distributor.api.dialects.quick.wire import QuickChannel, QuickDistribution
from distributor.engine.acceptance.accept import Accepted
from distributor.rules.phrases import explain
from distributor.rules.requests import AudienceRules, DistributionRequest, StepRequest
from distributor.rules.timing.time_zones import zone_named

SOURCE = "quick"


def to_request(body: QuickDistribution) -> DistributionRequest:
    settings = body.settings
    return DistributionRequest(
        source=SOURCE,
        survey_id=body.survey_id,
        # A QuickContact has the shape of a ContactFields, so that a thousand of them need no copying.
        contacts=cast(Sequence[ContactFields], body.contacts),
        steps=[to_step(channel) for channel in body.channels],
        is_multi=body.channel_mode == "multi",
        scheduled_at=body.scheduled_at,
        name=body.name or "",
        audience=AudienceRules(
            settings.exclude_opted_out,
            settings.respect_frequency_rules,
            settings.exclude_recently_contacted,
            settings.recent_contact_days,
        ),
    )


def to_step(channel: QuickChannel) -> StepRequest:
    return StepRequest(
        channel=channel.channel,
        provider_account_id=channel.provider_id,
        template_id=channel.template_id,
        priority=channel.priority,
        from_email=channel.from_email or "",
        from_name=channel.from_name or "",
        reply_to_email=channel.reply_to_email or "",
        fallback_delay_minutes=channel.fallback_delay_minutes,
    )


def to_answer(accepted: Accepted, now: datetime, warnings: Sequence[Fault] = ()) -> dict[str, Any]:
    """Return the published answer, and `skipped`; `warnings` only if there are any."""
    distribution = accepted.distribution
    zone = zone_named(distribution.organization.time_zone)
    is_scheduled = distribution.scheduled_at is not None and distribution.scheduled_at > now
    answer = {
        "distributionId": distribution.id,
        "mailingListId": distribution.mailing_list_id,
        "recipientCount": len(accepted.recipients),
        "personalLinks": [
            {**_identifiers(recipient.contact), "personalLinkCode": recipient.code} for recipient in accepted.recipients
        ],
        "status": "scheduled" if is_scheduled else "sending",
        "skipped": [
            {
                **_identifiers(skipped.contact),
                "reason": skipped.refusal.reason.value,
                "detail": dict(skipped.refusal.detail),
                "text": explain("skipped", skipped.refusal.reason, skipped.refusal.detail, now=now, zone=zone),
            }
            for skipped in accepted.skipped
        ],
    }
    if warnings:
        answer["warnings"] = [FaultDocument.model_validate(warning).rendered() for warning in warnings]
    return answer


def _identifiers(contact: Identified) -> dict[str, Any]:
    return {"externalId": contact.external_id, "contactId": contact.id, "email": contact.email or None}
