"""Between the native bodies and the one meaning."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings

from contacts.contact_fields import ContactFields
from distributor.api.native.distribution_wire import (
    AddedStepBody,
    AudienceBody,
    DistributionBody,
    LinkBody,
    RecipientBody,
    RulesBody,
    StepBody,
    ThrottleBody,
    WayBody,
)
from distributor.engine.acceptance.write import NewRecipient
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.requests import (
    DEFAULT_RECENT_DAYS,
    NO_OPTIONS,
    AudienceRules,
    DistributionRequest,
    LinkType,
    RecipientOptions,
    Selection,
    StepRequest,
    Throttle,
)
from distributor.rules.timing.throttle import ThrottlePolicy

SOURCE = "native"
_OPTIONS = ("send_at", "last_sent_at", "locale")


def to_request(body: DistributionBody) -> DistributionRequest:
    """What the body asks for; its contacts, if it names any."""
    contacts = body.audience.contacts or []
    return DistributionRequest(
        source=SOURCE,
        survey_id=body.survey_id,
        contacts=[_to_contact(contact) for contact in contacts],
        options=_to_options(contacts),
        steps=[to_step(step) for step in body.steps],
        is_multi=body.channel_mode == "multi",
        scheduled_at=body.scheduled_at,
        not_after=body.not_after,
        expires_at=body.expires_at,
        name=body.name or "",
        audience=_to_rules(body.rules),
        throttle=_to_throttle(body.throttle),
        link_type=LinkType(body.link_type),
        is_sent=body.send,
        stops_on=StopsOn(body.stops_on),
    )


def to_selection(audience: AudienceBody) -> Selection | None:
    """Whom the audience selects among the organisation's contacts; None if it names contacts of its own."""
    if audience.contacts is not None:
        return None
    return Selection(
        list_id=audience.list_id,
        contact_ids=audience.contact_ids or (),
        embedded_data=audience.filter.embedded_data if audience.filter else None,
    )


def to_link_request(body: LinkBody, default_steps: Sequence[StepRequest]) -> DistributionRequest:
    """One contact that is registered."""
    return DistributionRequest(
        source=SOURCE,
        survey_id=body.survey_id,
        contacts=[_to_contact(body.contact)],
        options=_to_options([body.contact]),
        steps=[to_step(step) for step in body.steps] if body.steps else default_steps,
        expires_at=body.expires_at,
        name=body.name or "",
        link_type=LinkType(body.link_type),
        is_sent=False,
    )


def to_step(step: StepBody) -> StepRequest:
    return replace(
        _to_way(step),
        priority=step.priority,
        fallback_delay_minutes=step.fallback_delay_minutes,
        kind=StepKind(step.kind),
        delay_minutes=step.delay_minutes,
    )


def to_follow_up(step: AddedStepBody, now: datetime) -> StepRequest:
    """A step with a moment of its own."""
    return replace(_to_way(step), kind=StepKind(step.kind), scheduled_at=step.scheduled_at or now)


def _to_way(step: WayBody) -> StepRequest:
    first, *further = step.provider_ids
    return StepRequest(
        channel=step.channel,
        provider_account_id=first,
        template_id=step.template_id,
        from_email=step.from_email or "",
        from_name=step.from_name or "",
        reply_to_email=step.reply_to_email or "",
        subject=step.subject or "",
        further_account_ids=further,
        weights=step.weights or (),
    )


def render_link(one: NewRecipient) -> dict[str, Any]:
    return {
        "contactId": one.contact.id,
        "externalId": one.contact.external_id,
        "email": one.contact.email or None,
        "code": one.code,
        "link": f"{settings.PUBLIC_BASE_URL}/p/{one.code}",
    }


def _to_contact(contact: RecipientBody) -> ContactFields:
    return cast(ContactFields, {name: value for name, value in contact.items() if name not in _OPTIONS})


def _to_options(contacts: Sequence[RecipientBody]) -> Sequence[RecipientOptions]:
    """As many as contacts, or none where nothing is said of anybody."""
    options = [
        RecipientOptions(contact.get("send_at"), contact.get("last_sent_at"), contact.get("locale") or "")
        if any(contact.get(name) for name in _OPTIONS)
        else NO_OPTIONS
        for contact in contacts
    ]
    return options if any(one is not NO_OPTIONS for one in options) else ()


def _to_rules(rules: RulesBody) -> AudienceRules:
    days = rules.recent_contact_days
    return AudienceRules(
        exclude_opted_out=rules.exclude_opted_out,
        respect_frequency_rules=rules.respect_frequency_rules,
        exclude_recently_contacted=days is not None,
        recent_contact_days=days or DEFAULT_RECENT_DAYS,
    )


def _to_throttle(throttle: ThrottleBody | None) -> Throttle | None:
    if throttle is None:
        return None
    return Throttle(timedelta(minutes=throttle.minutes), ThrottlePolicy(throttle.policy))
