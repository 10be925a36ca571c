"""Between the quick dialect's words and the one meaning."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from contacts.contact_fields import ContactFields
from contacts.identity import Identified
from distributor.api.dialects.quick.wire import QuickChannel, QuickDistribution
from distributor.engine.acceptance.accept import Accepted
from distributor.rules.phrases import explain
from distributor.rules.requests import AudienceRules, DistributionRequest, StepRequest
from distributor.rules.timing.time_zones import zone_named

SOURCE = "quick"


def to_request(wire: QuickDistribution) -> DistributionRequest:
    """What the body asks for."""
    settings = wire.settings
    return DistributionRequest(
        source=SOURCE,
        survey_id=wire.survey_id,
        # Of one form on purpose: a thousand of them are not copied.
        contacts=cast(Sequence[ContactFields], wire.contacts),
        steps=[to_step(channel) for channel in wire.channels],
        is_multi=wire.channel_mode == "multi",
        scheduled_at=wire.scheduled_at,
        name=wire.name or "",
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


def to_answer(accepted: Accepted, now: datetime) -> dict[str, Any]:
    """The published answer, and `skipped`."""
    distribution = accepted.distribution
    zone = zone_named(distribution.organization.time_zone)
    is_scheduled = distribution.scheduled_at is not None and distribution.scheduled_at > now
    return {
        "distributionId": distribution.id,
        "mailingListId": distribution.mailing_list_id,
        "recipientCount": len(accepted.recipients),
        "personalLinks": [{**_names(one.contact), "personalLinkCode": one.code} for one in accepted.recipients],
        "status": "scheduled" if is_scheduled else "sending",
        "skipped": [
            {
                **_names(one.contact),
                "reason": one.refusal.reason.value,
                "detail": dict(one.refusal.detail),
                "text": explain("skipped", one.refusal.reason, one.refusal.detail, now=now, zone=zone),
            }
            for one in accepted.skipped
        ],
    }


def _names(contact: Identified) -> dict[str, Any]:
    return {"externalId": contact.external_id, "contactId": contact.id, "email": contact.email or None}
