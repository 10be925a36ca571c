"""The answer to a dry run, the same in every dialect and the native API: who would be sent what, when, and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from rest_framework.response import Response

from distributor.engine.acceptance.dry_run import DryRun, DryRunContact
from distributor.engine.route.accounts import Hold
from distributor.rules.eligibility import Refusal
from distributor.rules.journey.forecast import ForecastMessage, SkippedStep
from distributor.rules.phrases import explain, explain_step
from distributor.rules.timing.time_zones import zone_named


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class PlannedStepDocument(_Wire):
    """A message that would leave."""

    kind: str = Field(description="invitation or reminder")
    channel: str
    provider_ids: list[UUID] = Field(
        description="The account that would carry it now; several where they share by weight; none while all are held."
    )
    held_because: str | None = Field(description="Why no account would take it now.")
    template_id: UUID
    at: datetime = Field(description="The exact moment, if nothing intervenes; of on_failure: if that is told at once.")
    condition: str = Field(
        description="first; unanswered: unless the contact responds before, or does what the distribution stops on; a "
        "fallback leaves at once if the step before fails; on_failure: only if the step before fails"
    )
    waits_for: str | None = Field(description="scheduled, throttled or quiet_hours; null: nothing but its condition")
    detail: dict[str, Any] = Field(description="What it waits for is based on this.")
    text: str


class PassedOverDocument(_Wire):
    """A step of the chain on which nothing would leave."""

    channel: str
    at: datetime
    reason: str
    detail: dict[str, Any]
    text: str


class PlannedContactDocument(_Wire):
    external_id: str | None
    contact_id: UUID | None = Field(description="null: the call would make the contact.")
    email: str | None
    phone: str | None
    decision: Literal["recipient", "skipped"]
    reason: str | None = Field(description="Of who is skipped, and of a recipient who would be sent nothing.")
    detail: dict[str, Any]
    text: str | None
    steps: list[PlannedStepDocument]
    passed_over: list[PassedOverDocument]


class PlanDocument(_Wire):
    """What a call would do. Nothing was written. Each contact is once among the recipients or the skipped.

    Of a list, of contact ids and of a filter the first 1,000 contacts are planned, in the order of their ids.
    """

    dry_run: Literal[True]
    contact_count: int = Field(description="The contacts of the audience, those beyond the first 1,000 among them.")
    recipient_count: int = Field(description="The recipients among the planned.")
    recipients: list[PlannedContactDocument]
    skipped: list[PlannedContactDocument]


class DryRunResponse(Response):
    """200 with a plan, or with what a dialect says around one.

    Nothing was done, so that there is nothing to keep under an Idempotency-Key.
    """

    def __init__(self, told: DryRun | Mapping[str, Any]) -> None:
        super().__init__(render_plan(told) if isinstance(told, DryRun) else told)


def render_plan(plan: DryRun) -> dict[str, Any]:
    """As PlanDocument says."""
    contacts = [_contact(plan, one) for one in plan.contacts]
    recipients = [one for one in contacts if one["decision"] == "recipient"]
    return {
        "dryRun": True,
        "contactCount": plan.contact_count,
        "recipientCount": len(recipients),
        "recipients": recipients,
        "skipped": [one for one in contacts if one["decision"] == "skipped"],
    }


def _contact(plan: DryRun, one: DryRunContact) -> dict[str, Any]:
    zone = zone_named(plan.organization.time_zone)
    foreseen = one.forecast
    if one.refusal is not None:
        why = _why("skipped", one.refusal, plan.made_at, zone)
    elif foreseen.skipped_steps and not foreseen.steps:
        last = foreseen.skipped_steps[-1]
        why = _why("stopped", last.refusal, last.at, zone)
    else:
        why = {"reason": None, "detail": {}, "text": None}
    return {
        "externalId": one.contact.external_id,
        "contactId": None if one.is_new else one.contact.id,
        "email": one.contact.email or None,
        "phone": one.contact.phone or None,
        "decision": "recipient" if one.refusal is None else "skipped",
        **why,
        "steps": [_step(plan, step, zone) for step in foreseen.steps],
        "passedOver": list(_passed_over(plan, foreseen.skipped_steps, zone)),
    }


def _step(plan: DryRun, step: ForecastMessage, zone: ZoneInfo) -> dict[str, Any]:
    asked, carriers = plan.chain.steps[step.position], plan.available_accounts[step.position]
    held = carriers if isinstance(carriers, Hold) else None
    return {
        "kind": asked.kind.value,
        "channel": asked.channel,
        "providerIds": [] if isinstance(carriers, Hold) else [option.account.id for option in carriers],
        "heldBecause": held.explanation or "its rate is used up for the moment" if held else None,
        "templateId": asked.template_id,
        "at": step.departure.at,
        "condition": step.condition.value,
        "waitsFor": step.departure.delay.value or None,
        "detail": dict(step.departure.detail),
        "text": explain_step(step, asked.kind, asked.channel, now=plan.made_at, zone=zone),
    }


def _passed_over(plan: DryRun, passed_over: list[SkippedStep], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    for one in passed_over:
        channel = plan.chain.steps[one.position].channel
        yield {"channel": channel, "at": one.at, **_why("step skipped", one.refusal, one.at, zone)}


def _why(kind: str, refusal: Refusal, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    detail = dict(refusal.detail)
    text = explain(kind, refusal.reason, detail, now=at, zone=zone)
    return {"reason": refusal.reason.value, "detail": detail, "text": text}
