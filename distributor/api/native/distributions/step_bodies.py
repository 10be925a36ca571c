"""Bodies that describe the steps of a distribution: by which channel, provider and template, in which order, when."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from distributor.api.bodies.fields import (
    NULL_IS_DEFAULT,
    AwareMomentOrNone,
    DataFault,
    Email,
    EmbeddedData,
    Line255,
    Subject,
)
from distributor.api.native.distributions.recipient_bodies import refuse_if
from distributor.api.wire import Body

MAX_STEPS = 10
MAX_PROVIDERS = 10
MAX_MINUTES = 525_600  # a year
INVITATION, FOLLOW_UPS = "invitation", ("reminder", "thank_you")
NO_INVITATION = ("no_invitation", "At least one step must be an invitation.")


def message_contradictions(given: Mapping[str, Any]) -> Iterator[DataFault]:
    """Find contradictions in how a step sends its message. The values may be of any type."""
    ids, weights = given.get("providerIds"), given.get("weights")
    if isinstance(ids, list):
        for place, provider_id in enumerate(ids):
            if provider_id in ids[:place]:
                yield DataFault(("providerIds", place), "named_twice", "This provider is given twice.")
        if isinstance(weights, list) and len(weights) != len(ids):
            yield DataFault(("weights",), "not_one_each", "Give one weight for each provider, or no weights.")
    if given.get("fixedSplit") is True and weights is None:
        yield DataFault(("fixedSplit",), "without_weights", "Only a split by weights can be fixed. Give weights.")
    if given.get("subject") and given.get("channel") in ("sms", "whatsapp"):
        yield DataFault(("subject",), "only_of_email", "Only e-mail has a subject.")


def step_contradictions(given: Mapping[str, Any]) -> Iterator[DataFault]:
    """Find contradictions in a step. The values may be of any type."""
    kind, delay = given.get("kind") or INVITATION, given.get("delayMinutes")
    if kind == INVITATION:
        if delay is not None:
            detail = "An invitation has no delayMinutes: it leaves as scheduled."
            yield DataFault(("delayMinutes",), "not_of_invitations", detail)
    elif kind in FOLLOW_UPS:
        if delay is None:
            yield DataFault(("delayMinutes",), "missing", "A reminder or thank-you needs delayMinutes.")
        if kind == "reminder" and delay == 0:
            detail = "A reminder is sent at least 1 minute after the message before it."
            yield DataFault(("delayMinutes",), "no_delay", detail)
        if given.get("fallbackDelayMinutes") is not None:
            detail = "Only an invitation has a fallbackDelayMinutes."
            yield DataFault(("fallbackDelayMinutes",), "only_of_invitations", detail)
    yield from message_contradictions(given)


class StepMessageBody(Body):
    """How to send a message. Sender and subject apply to this distribution only."""

    channel: Literal["email", "sms", "whatsapp"] = Field(description="The channel.", examples=["email"])
    provider_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_PROVIDERS)] = Field(
        description="The provider accounts that send. Each stands in for those before it; with `weights` they share "
        "the messages.",
        examples=[["0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"]],
    )
    weights: list[Annotated[int, Field(ge=1, le=10_000)]] | None = Field(
        None,
        description="The share of each provider account, in the order of `providerIds`. Accounts that deliver far "
        "worse than the others get less, until they recover; see `fixedSplit`.",
        examples=[[3, 1]],
    )
    fixed_split: Annotated[bool, NULL_IS_DEFAULT] = Field(
        False,
        description="true: provider accounts share the messages by `weights` alone, whatever comes of their messages. "
        "Only with `weights`.",
        examples=[False],
    )
    template_id: UUID = Field(
        description="The template of the message.", examples=["0194c4f0-7d11-7a02-8f2b-2b6d5a9c1e10"]
    )
    from_email: Email | None = Field(
        None, description="The sender address instead of the account's.", examples=["surveys@example.com"]
    )
    from_name: Line255 | None = Field(None, description="The sender name instead of the account's.", examples=["ACME"])
    reply_to_email: Email | None = Field(
        None, description="The reply-to address instead of the account's.", examples=["desk@example.com"]
    )
    subject: Subject = Field(
        None,
        description="The subject instead of the template's, with the same placeholders. E-mail only.",
        examples=["How was your stay, ${contact:firstName|guest}?"],
    )

    @model_validator(mode="after")
    def _require_consistent(self) -> Self:
        return refuse_if(list(self.contradictions(self.model_dump(by_alias=True))), self)

    @staticmethod
    def contradictions(given: Mapping[str, Any]) -> Iterator[DataFault]:
        return message_contradictions(given)


class StepBody(StepMessageBody):
    """One step of a distribution: how to send a message, and when."""

    kind: Annotated[Literal["invitation", "reminder", "thank_you"], NULL_IS_DEFAULT] = Field(
        "invitation",
        description="invitation: to every recipient. reminder: to recipients who were reached and have not responded. "
        "thank_you: to recipients who respond.",
        examples=["invitation"],
    )
    priority: Annotated[int, Field(ge=1, le=10), NULL_IS_DEFAULT] = Field(
        1, description="The place among the steps of the same kind; the lowest number is first.", examples=[1]
    )
    fallback_delay_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None,
        description="For invitations in multi mode: without a response for this many minutes, the next invitation is "
        "sent.",
        examples=[1440],
    )
    delay_minutes: Annotated[int, Field(ge=0, le=MAX_MINUTES)] | None = Field(
        None,
        description="For reminders: minutes after the last message, at least 1. For thank-yous: minutes after the "
        "response.",
        examples=[4320],
    )

    @staticmethod
    def contradictions(given: Mapping[str, Any]) -> Iterator[DataFault]:
        return step_contradictions(given)


class AddedStepBody(StepMessageBody):
    """A reminder or thank-you to add to an existing distribution."""

    kind: Literal["reminder", "thank_you"] = Field(
        description="reminder: to recipients who were reached by then and have not responded. thank_you: to recipients "
        "who responded.",
        examples=["reminder"],
    )
    scheduled_at: AwareMomentOrNone = Field(
        None, description="When to send. Omit it, or give a past time, to send now.", examples=["2026-03-08T09:00:00Z"]
    )
    contact_id: UUID | None = Field(
        None,
        description="Only this recipient. Omit it for all recipients.",
        examples=["0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c"],
    )
    attributes: EmbeddedData | None = Field(
        None,
        description="Data to add to the distribution's `attributes`, or, with a `contactId`, to what is known of this "
        "recipient. Messages that were not sent yet have it, too.",
        examples=[{"season": "summer"}],
    )


def has_invitation(kinds: Iterable[Any]) -> bool:
    """Return whether any of the kinds, as given, may be an invitation."""
    return any(kind not in FOLLOW_UPS for kind in kinds)


def _require_invitation(steps: list[StepBody]) -> list[StepBody]:
    return refuse_if([] if has_invitation(step.kind for step in steps) else [DataFault((), *NO_INVITATION)], steps)


Steps = Annotated[list[StepBody], Field(min_length=1, max_length=MAX_STEPS), AfterValidator(_require_invitation)]
