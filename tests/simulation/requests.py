"""The month's sending calls: each request is drawn at random, and recorded as the oracle reads it."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from distributor.engine.acceptance.accept import Accepted
from distributor.rules.journey.chain import StepKind, StopsOn
from distributor.rules.requests import AudienceRules, DistributionRequest, RecipientOptions, StepRequest, Throttle
from distributor.rules.timing.throttle import ThrottlePolicy
from tests.simulation.population import WEIGHTS, Plan
from tests.simulation.world import INVITATION, Campaign, Journey, Later, Tenant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP_NAMES = {StepKind.REMINDER: "reminder", StepKind.THANK_YOU: "thanks"}  # in the tenant's templates


def draw_request(draw: Random, plan: Plan, now: datetime) -> DistributionRequest:
    """A planned call's request: its rules, times, follow-ups and people's options."""
    throttle = _draw_throttle(draw)
    recent_days = draw.choice([None, None, None, 3])
    respects_frequency_rules = draw.random() < 0.7
    scheduled_at = now + timedelta(minutes=draw.randrange(5_000)) if draw.random() < 0.5 else None
    ends_at = (scheduled_at or now) + timedelta(minutes=draw.randint(60, 8_000))
    steps = [
        *_invitations(plan, fallback_delay_minutes=draw.choice([None, 0, 60, 600, 1_440, 2_880])),
        *_draw_later(draw, plan.tenant, StepKind.REMINDER, 0.15, (90, 1_440, 4_320)),
        *_draw_later(draw, plan.tenant, StepKind.THANK_YOU, 0.25, (0, 30)),
    ]
    stops_on = StopsOn(draw.choice(["response", "response", "opened", "delivered"]))
    options = [_draw_options(draw, now) for _ in plan.people] if draw.random() < 0.2 else []
    return DistributionRequest(
        source="simulation",
        survey_id=draw.choice(plan.tenant.survey_ids),
        contacts=[{"external_id": person.external_id} for person in plan.people],
        steps=steps,
        is_multi=plan.is_multi,
        scheduled_at=scheduled_at,
        not_after=ends_at if draw.random() < 0.2 else None,
        expires_at=ends_at + DAY if draw.random() < 0.2 else None,
        audience=AudienceRules(
            exclude_opted_out=draw.random() < 0.9,
            respect_frequency_rules=respects_frequency_rules,
            exclude_recently_contacted=recent_days is not None,
            recent_contact_days=recent_days or 30,
        ),
        options=options,
        throttle=throttle,
        stops_on=stops_on,
    )


def record_campaign(accepted: Accepted, request: DistributionRequest, plan: Plan, now: datetime) -> Campaign:
    """The accepted request as a campaign, with a journey for each recipient."""
    tenant, audience = plan.tenant, request.audience
    minutes = next(step for step in request.steps if step.kind is StepKind.INVITATION).fallback_delay_minutes
    interval = request.throttle.interval if request.throttle else timedelta(minutes=tenant.throttle_minutes or 0)
    campaign = Campaign(
        id=accepted.distribution.id,
        tenant=tenant,
        survey_id=request.survey_id,
        channels=plan.channels,
        is_multi=plan.is_multi,
        fallback_delay=None if minutes is None else timedelta(minutes=minutes),
        accepted_at=now,
        scheduled_at=request.scheduled_at,
        not_after=request.not_after,
        expires_at=request.expires_at,
        throttle=interval or None,
        minimum_days=tenant.minimum_days if audience.respect_frequency_rules else None,
        recent_days=audience.recent_contact_days if audience.exclude_recently_contacted else None,
        skipped=len(accepted.skipped),
        stops_on=request.stops_on.value,
        reminders=_later_of(request, StepKind.REMINDER),
        thanks=_later_of(request, StepKind.THANK_YOU),
    )
    people = {person.id: person for person in plan.people}
    campaign.journeys = [
        Journey(campaign, people[new.contact.id], new.code, new.options.when, new.options.last_sent_at)
        for new in accepted.recipients
    ]
    return campaign


def _draw_throttle(draw: Random) -> Throttle | None:
    interval = draw.choice([None, None, timedelta(hours=36), 3 * DAY, timedelta(0)])
    policy = draw.choice(list(ThrottlePolicy)) if interval and draw.random() < 0.3 else ThrottlePolicy.DEFER
    return None if interval is None else Throttle(interval, policy)


def _draw_options(draw: Random, now: datetime) -> RecipientOptions:
    """Draw from few times, so that recipients share batches."""
    when = now + draw.choice([1, 7, 40]) * HOUR if draw.random() < 0.2 else None
    last_sent_at = now - draw.choice([HOUR, DAY, 30 * DAY]) if draw.random() < 0.1 else None
    return RecipientOptions(when, last_sent_at)


def _invitations(plan: Plan, fallback_delay_minutes: int | None) -> list[StepRequest]:
    return [
        StepRequest(
            channel=channel,
            **_accounts_of(plan.tenant, channel),
            template_id=plan.tenant.template_ids[INVITATION, channel],
            priority=priority,
            fallback_delay_minutes=fallback_delay_minutes,
        )
        for priority, channel in enumerate(plan.channels, start=1)
    ]


def _draw_later(
    draw: Random, tenant: Tenant, kind: StepKind, share: float, delays_minutes: tuple[int, ...]
) -> list[StepRequest]:
    """One or two reminders or thank-yous, in this share of the calls."""
    if draw.random() > share:
        return []
    channels = draw.sample(["email", "sms", "whatsapp"], draw.choice([1, 2]))
    return [
        StepRequest(
            channel=channel,
            **_accounts_of(tenant, channel),
            template_id=tenant.template_ids[f"{STEP_NAMES[kind]} {number}", channel],
            priority=number,
            kind=kind,
            delay_minutes=draw.choice(delays_minutes),
        )
        for number, channel in enumerate(channels, start=1)
    ]


def _accounts_of(tenant: Tenant, channel: str) -> dict[str, Any]:
    """The accounts of a step: the tenant's own, or those that share e-mail by weight."""
    if channel != "email" or not tenant.shared_account_ids:
        return {"provider_account_id": tenant.account_ids[channel]}
    first, *further = tenant.shared_account_ids
    return {"provider_account_id": first, "further_account_ids": further, "weights": list(WEIGHTS.values())}


def _later_of(request: DistributionRequest, kind: StepKind) -> tuple[Later, ...]:
    steps = (step for step in request.steps if step.kind is kind)
    return tuple(Later(step.channel, timedelta(minutes=step.delay_minutes or 0)) for step in steps)
