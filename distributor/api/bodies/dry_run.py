"""The answer to a dry run, shared by the native API and the dialects: who would be sent what, when, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from rest_framework.response import Response

from channels.models import OnMissingValue
from contacts.addresses import email_in_unicode
from distributor.api.answers.problems import Fault, FaultDocument
from distributor.api.bodies.fields import Money
from distributor.api.wire import Document
from distributor.engine.acceptance.costs import StepCost
from distributor.engine.acceptance.dry_run import DryRun, DryRunContact
from distributor.engine.route.accounts import Hold
from distributor.rules.eligibility import Refusal
from distributor.rules.journey.forecast import ForecastMessage, SkippedStep
from distributor.rules.phrases import explain, explain_missing_value, explain_step
from distributor.rules.timing.time_zones import zone_named


class PlannedStepDocument(Document):
    """A message that would be sent."""

    kind: str = Field(description="invitation or reminder", examples=["invitation"])
    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    provider_ids: list[UUID] = Field(
        description="The provider accounts that would take the message now: several if they share the messages by "
        "weight, none while all are held.",
        examples=[["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]],
    )
    held_because: str | None = Field(
        description="Why no provider account would take the message now; null if one would.",
        examples=["its rate is used up for the moment"],
    )
    template_id: UUID = Field(
        description="The template of the message.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"]
    )
    at: datetime = Field(
        description="When the message would leave if nothing intervenes. For `on_failure` steps: if the failure is "
        "reported at once.",
        examples=["2026-03-05T08:00:00Z"],
    )
    condition: str = Field(
        description="first: no condition. unanswered: sent unless the contact responds first, or does what the "
        "distribution stops on; a fallback leaves at once if the step before it fails. on_failure: sent only if the "
        "step before it fails.",
        examples=["first"],
    )
    waits_for: str | None = Field(
        description="scheduled, throttled or quiet_hours; null if it waits for nothing but its condition.",
        examples=["quiet_hours"],
    )
    detail: dict[str, Any] = Field(
        description="The values behind `waitsFor`.", examples=[{"until": "2026-03-05T08:00:00+00:00"}]
    )
    missing_values: list[str] = Field(
        description="The message's placeholders that have neither a value for this contact nor a default.",
        examples=[["${contact:firstName}"]],
    )
    text: str = Field(
        description="The same as a sentence, with times in the organisation's time zone.",
        examples=["by e-mail at 2026-03-05 09:00 (Europe/Warsaw): quiet hours"],
    )


class PassedOverDocument(Document):
    """A step on which nothing would be sent."""

    channel: str = Field(description="email, sms or whatsapp", examples=["sms"])
    at: datetime = Field(description="When the step would be skipped.", examples=["2026-03-05T08:00:00Z"])
    reason: str = Field(description="Why. Reasons are stable codes.", examples=["no_address"])
    detail: dict[str, Any] = Field(description="The values behind the reason.", examples=[{"channel": "sms"}])
    text: str = Field(description="The reason as a sentence.", examples=["passed over: no SMS number"])


class PlannedContactDocument(Document):
    """What would happen to one contact."""

    external_id: str | None = Field(description="The contact's id in your system.", examples=["PAT-1"])
    contact_id: UUID | None = Field(
        description="The contact's id; null if the call would create the contact.",
        examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"],
    )
    email: str | None = Field(description="The contact's e-mail address.", examples=["ann@example.com"])
    email_unicode: str | None = Field(
        description="The e-mail address with its international domain as people write it; null if it has none.",
        examples=["ann@bücher.example"],
    )
    phone: str | None = Field(description="The contact's phone number in E.164.", examples=["+48600000001"])
    decision: Literal["recipient", "skipped"] = Field(
        description="recipient: the contact would become a recipient. skipped: it would be left out.",
        examples=["recipient"],
    )
    reason: str | None = Field(
        description="Why the contact would be skipped, or why a recipient would be sent nothing; otherwise null.",
        examples=["frequency_rule"],
    )
    detail: dict[str, Any] = Field(
        description="The values behind the reason.",
        examples=[{"lastContactedAt": "2026-03-02T08:00:00+00:00", "days": 30}],
    )
    text: str | None = Field(
        description="The reason as a sentence.", examples=["skipped: contacted 3 days ago, the rule is 30 days"]
    )
    steps: list[PlannedStepDocument] = Field(description="The messages that would be sent, in order.")
    passed_over: list[PassedOverDocument] = Field(description="The steps on which nothing would be sent.")


class MissingValueDocument(Document):
    """A placeholder that would have neither a value nor a default in some of the messages."""

    placeholder: str = Field(description="The placeholder.", examples=["${contact:firstName}"])
    template_id: UUID = Field(
        description="The template of the messages.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"]
    )
    channel: str = Field(description="email, sms or whatsapp", examples=["email"])
    recipient_count: int = Field(description="The listed recipients who would get such a message.", examples=[12])
    on_missing_value: OnMissingValue = Field(
        description="What the template says about such messages: send, warn (send, and log a warning) or refuse (they "
        "fail with the code missing_value).",
        examples=["refuse"],
    )
    text: str = Field(
        description="The same as a sentence.",
        examples=["${contact:firstName} has no value for 12 recipients: their e-mail messages would not be sent"],
    )


class CostDocument(Document):
    """What the messages of a step would cost, if the provider account of the step has a price."""

    step: int = Field(description="The number of the step, from 1.", examples=[1])
    channel: str = Field(description="email, sms or whatsapp", examples=["sms"])
    units: int = Field(description="SMS segments, or e-mail or WhatsApp messages.", examples=[1960])
    unit_price: Money = Field(description="What one of them costs.", examples=["0.0345"])
    amount: Money = Field(description="units × unitPrice", examples=["67.62"])
    currency: str = Field(description="The currency, as ISO 4217.", examples=["EUR"])


class PlanDocument(Document):
    """The forecast of a call. Nothing was written or sent.

    Each contact is listed once, either in `recipients` or in `skipped`. For a list, for contact ids and for a filter,
    the first 1,000 contacts in the order of their ids are listed.
    """

    dry_run: Literal[True] = Field(description="Always true.", examples=[True])
    contact_count: int = Field(
        description="The contacts of the audience, including those beyond the first 1,000.", examples=[2500]
    )
    recipient_count: int = Field(description="The recipients among the listed contacts.", examples=[980])
    recipients: list[PlannedContactDocument] = Field(description="The contacts that would become recipients.")
    skipped: list[PlannedContactDocument] = Field(description="The contacts that would be left out.")
    missing_values: list[MissingValueDocument] = Field(
        description="Placeholders without a value in the messages of the listed recipients, the most frequent first."
    )
    costs: list[CostDocument] = Field(
        description="What the messages of the listed recipients would cost, if each were sent. Steps whose account has "
        "no price are left out."
    )
    warnings: list[FaultDocument] = Field(
        description="The warnings that the call itself would answer: keys of a quick call that nothing reads."
    )


class DryRunResponse(Response):
    """200 with the forecast of a dry run, or with a dialect's answer around it.

    Nothing happened, so the answer is not kept under an Idempotency-Key.
    """

    def __init__(self, answer: DryRun | Mapping[str, Any], warnings: Sequence[Fault] = ()) -> None:
        super().__init__(render_plan(answer, warnings) if isinstance(answer, DryRun) else answer)


def render_plan(dry_run: DryRun, warnings: Sequence[Fault] = ()) -> dict[str, Any]:
    """Render a dry run as a PlanDocument."""
    missing: dict[tuple[UUID, int], list[str]] = {}
    for contact_id, position, key in dry_run.missing_values:
        missing.setdefault((contact_id, position), []).append(_placeholder(key))
    contacts = [_contact_document(dry_run, contact, missing) for contact in dry_run.contacts]
    recipients = [contact for contact in contacts if contact.decision == "recipient"]
    return PlanDocument(
        dry_run=True,
        contact_count=dry_run.contact_count,
        recipient_count=len(recipients),
        recipients=recipients,
        skipped=[contact for contact in contacts if contact.decision == "skipped"],
        missing_values=_missing_value_documents(dry_run),
        costs=[_cost_document(cost) for cost in dry_run.costs],
        warnings=[FaultDocument.model_validate(warning) for warning in warnings],
    ).rendered()


def _cost_document(cost: StepCost) -> CostDocument:
    return CostDocument(
        step=cost.position + 1,
        channel=cost.channel.value,
        units=cost.units,
        unit_price=cost.unit_price,
        amount=cost.amount,
        currency=cost.currency,
    )


def _missing_value_documents(dry_run: DryRun) -> list[MissingValueDocument]:
    """Count the recipients by placeholder and template. A reminder with the invitation's template counts with it."""
    recipients: dict[tuple[UUID, str, str], set[UUID]] = {}
    for contact_id, position, key in dry_run.missing_values:
        step = dry_run.chain.steps[position]
        recipients.setdefault((step.template_id, step.channel, _placeholder(key)), set()).add(contact_id)
    ordered = sorted(recipients.items(), key=lambda item: (-len(item[1]), item[0][2]))
    return [
        MissingValueDocument(
            placeholder=placeholder,
            template_id=template_id,
            channel=channel,
            recipient_count=len(contact_ids),
            on_missing_value=OnMissingValue(dry_run.templates[template_id].on_missing_value),
            text=explain_missing_value(
                placeholder,
                channel,
                len(contact_ids),
                is_sent=dry_run.templates[template_id].on_missing_value != OnMissingValue.REFUSE,
            ),
        )
        for (template_id, channel, placeholder), contact_ids in ordered
    ]


def _placeholder(key: str) -> str:
    return f"${{{key}}}"


def _contact_document(
    dry_run: DryRun, contact: DryRunContact, missing: Mapping[tuple[UUID, int], list[str]]
) -> PlannedContactDocument:
    zone = zone_named(dry_run.organization.time_zone)
    forecast = contact.forecast
    if contact.refusal is not None:
        because = _explained("skipped", contact.refusal, dry_run.made_at, zone)
    elif forecast.skipped_steps and not forecast.steps:
        last = forecast.skipped_steps[-1]
        because = _explained("stopped", last.refusal, last.at, zone)
    else:
        because = {"reason": None, "detail": {}, "text": None}
    return PlannedContactDocument(
        external_id=contact.contact.external_id,
        contact_id=None if contact.is_new else contact.contact.id,
        email=contact.contact.email or None,
        email_unicode=email_in_unicode(contact.contact.email) or None,
        phone=contact.contact.phone or None,
        decision="recipient" if contact.refusal is None else "skipped",
        **because,
        steps=[
            _step_document(dry_run, message, missing.get((contact.contact.id, message.position), []), zone)
            for message in forecast.steps
        ],
        passed_over=[_skipped_step_document(dry_run, step, zone) for step in forecast.skipped_steps],
    )


def _step_document(
    dry_run: DryRun, message: ForecastMessage, missing: list[str], zone: ZoneInfo
) -> PlannedStepDocument:
    step, carriers = dry_run.chain.steps[message.position], dry_run.available_accounts[message.position]
    held = carriers if isinstance(carriers, Hold) else None
    return PlannedStepDocument(
        kind=step.kind,
        channel=step.channel,
        provider_ids=[] if isinstance(carriers, Hold) else [option.account.id for option in carriers],
        held_because=held.explain() or "its rate is used up for the moment" if held else None,
        template_id=step.template_id,
        at=message.departure.at,
        condition=message.condition,
        waits_for=message.departure.delay or None,
        detail=dict(message.departure.detail),
        missing_values=missing,
        text=explain_step(message, step.kind, step.channel, now=dry_run.made_at, zone=zone),
    )


def _skipped_step_document(dry_run: DryRun, step: SkippedStep, zone: ZoneInfo) -> PassedOverDocument:
    channel = dry_run.chain.steps[step.position].channel
    return PassedOverDocument(channel=channel, at=step.at, **_explained("step skipped", step.refusal, step.at, zone))


def _explained(kind: str, refusal: Refusal, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    detail = dict(refusal.detail)
    text = explain(kind, refusal.reason, detail, now=at, zone=zone)
    return {"reason": refusal.reason.value, "detail": detail, "text": text}
