"""From the native bodies to the request that every API makes of the engine."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from contacts.contact_fields import ContactFields
from distributor.api.native.distributions.bodies import DistributionBody, RulesBody, SurveySendBody, ThrottleBody
from distributor.api.native.distributions.recipient_bodies import AudienceBody, RecipientBody
from distributor.api.native.distributions.step_bodies import AddedStepBody, StepBody, StepMessageBody
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
    """Return the request, with the contacts that the body gives."""
    return to_send(body, body.audience.contacts or [])


def to_send(body: SurveySendBody, contacts: Sequence[RecipientBody] = ()) -> DistributionRequest:
    """Return the request of a send to these contacts."""
    return DistributionRequest(
        source=SOURCE,
        survey_id=body.survey_id,
        contacts=[to_contact(contact) for contact in contacts],
        options=to_options(contacts),
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
        attributes=body.attributes or {},
    )


def to_selection(audience: AudienceBody) -> Selection | None:
    """Return how the audience selects existing contacts; None if it gives the contacts themselves."""
    if audience.contacts is not None:
        return None
    return Selection(
        list_id=audience.list_id,
        contact_ids=audience.contact_ids or (),
        embedded_data=audience.filter.embedded_data if audience.filter else None,
    )


def to_step(step: StepBody) -> StepRequest:
    return replace(
        _to_message_step(step),
        priority=step.priority,
        fallback_delay_minutes=step.fallback_delay_minutes,
        kind=StepKind(step.kind),
        delay_minutes=step.delay_minutes,
    )


def to_follow_up(step: AddedStepBody, now: datetime) -> StepRequest:
    """Return a step that is sent at a time of its own."""
    return replace(_to_message_step(step), kind=StepKind(step.kind), scheduled_at=step.scheduled_at or now)


def _to_message_step(step: StepMessageBody) -> StepRequest:
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
        has_fixed_split=step.fixed_split,
    )


def to_contact(contact: RecipientBody) -> ContactFields:
    return cast(ContactFields, {name: value for name, value in contact.items() if name not in _OPTIONS})


def to_options(contacts: Sequence[RecipientBody]) -> Sequence[RecipientOptions]:
    """Return the options of each contact, or nothing if no contact has any."""
    options = [
        RecipientOptions(contact.get("send_at"), contact.get("last_sent_at"), contact.get("locale") or "")
        if any(contact.get(name) for name in _OPTIONS)
        else NO_OPTIONS
        for contact in contacts
    ]
    return options if any(option is not NO_OPTIONS for option in options) else ()


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
