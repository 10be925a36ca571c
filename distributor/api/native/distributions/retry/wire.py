"""The body of a retry and its answers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from distributor.api.bodies.fields import NO_NUL, NULL_IS_DEFAULT
from distributor.api.wire import Body, Document, Page
from distributor.engine.manual_retry.unreached import MAX_GROUPS, UnreachedGroup
from distributor.models import ManualRetry
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection

MAX_CONTACT_IDS = 1_000
MAX_FILTERS = 100
ChannelName = Literal["email", "sms", "whatsapp"]
Reason = Annotated[str, StringConstraints(max_length=31, pattern=NO_NUL)]
Code = Annotated[str, StringConstraints(max_length=63, pattern=NO_NUL)]
_ID = "0194c4f0-6c52-7c3e-9a53-5c1a3d0e7f42"


class RetryBody(Body):
    """Which recipients to send to again. Without any field: all who failed."""

    outcomes: Annotated[list[Literal["failed", "indeterminate"]], Field(min_length=1), NULL_IS_DEFAULT] = Field(
        ["failed"],
        description="How their journeys ended. An `indeterminate` message may have arrived, so that a retry may be a "
        "second copy; such recipients are sent to again only if you ask for it.",
        examples=[["failed"]],
    )
    reasons: Annotated[list[Reason], Field(max_length=MAX_FILTERS), NULL_IS_DEFAULT] = Field(
        [], description="Only those that ended for one of these reasons. Empty: all.", examples=[["bounced"]]
    )
    channels: Annotated[list[ChannelName], Field(max_length=MAX_FILTERS), NULL_IS_DEFAULT] = Field(
        [], description="Only those whose last attempt used one of these channels. Empty: all.", examples=[["sms"]]
    )
    step_ids: Annotated[list[UUID], Field(max_length=MAX_FILTERS), NULL_IS_DEFAULT] = Field(
        [], description="Only those whose last attempt belonged to one of these steps. Empty: all.", examples=[[_ID]]
    )
    codes: Annotated[list[Code], Field(max_length=MAX_FILTERS), NULL_IS_DEFAULT] = Field(
        [],
        description="Only those whose last attempt got one of these codes of its provider. Empty: all.",
        examples=[["550"]],
    )
    contact_ids: Annotated[list[UUID], Field(max_length=MAX_CONTACT_IDS), NULL_IS_DEFAULT] = Field(
        [], description=f"Only these contacts, at most {MAX_CONTACT_IDS:,}. Empty: all.", examples=[[_ID]]
    )
    dry_run: Annotated[bool, NULL_IS_DEFAULT] = Field(
        False, description="Only count whom the retry would concern. Nothing is sent or stored.", examples=[True]
    )

    def as_selection(self) -> RetrySelection:
        return RetrySelection(
            outcomes=[RetriedOutcome(outcome) for outcome in self.outcomes],
            reasons=self.reasons,
            step_ids=self.step_ids,
            channels=self.channels,
            contact_ids=self.contact_ids,
            codes=self.codes,
        )


class UnreachedGroupDocument(Document):
    """Recipients who were not reached for one reason."""

    outcome: str | None = Field(description="failed or indeterminate", examples=["failed"])
    reason: str | None = Field(
        description="Why. Reasons are stable codes; `other` sums the rest up.", examples=["attempts_exhausted"]
    )
    channel: str | None = Field(description="The channel of the last attempt.", examples=["email"])
    code: str | None = Field(description="The provider's code for the last attempt.", examples=["550"])
    detail: str | None = Field(
        description="What the provider answered, in its own words, to the last recipient of the group.",
        examples=["5.1.1 No such user"],
    )
    recipients: int = Field(description="The number of recipients.", examples=[12])


class UnreachedDocument(Document):
    """Recipients who were not reached, by reason."""

    recipients: int = Field(description="The number of recipients in all groups.", examples=[12])
    groups: list[UnreachedGroupDocument] = Field(
        description=f"The groups, largest first, at most {MAX_GROUPS}.",
    )


class RetryDocument(Document):
    """A retry, and how far it is. For a dry run: whom it would concern."""

    id: UUID | None = Field(description="The retry; null for a dry run.", examples=[_ID])
    state: Literal["dry_run", "running", "done"] = Field(
        description="running while workers go through the recipients, then done. dry_run: nothing was sent.",
        examples=["running"],
    )
    retried: int = Field(description="How many recipients are sent to again so far.", examples=[12])
    created_at: datetime | None = Field(
        description="When it was asked for; null for a dry run.", examples=["2026-03-05T08:00:00Z"]
    )
    unreached: UnreachedDocument | None = Field(
        None,
        description="The recipients that the retry would concern. Present only in the answer to a dry run.",
        exclude_if=lambda unreached: unreached is None,
    )


class RetryPage(Page[RetryDocument]):
    """Retries of a distribution, latest first."""


def unreached_document(groups: list[UnreachedGroup]) -> UnreachedDocument:
    return UnreachedDocument(
        recipients=sum(group.recipients for group in groups), groups=[_group_document(group) for group in groups]
    )


def render_retry(retry: ManualRetry) -> dict[str, Any]:
    return RetryDocument(
        id=retry.id,
        state="done" if retry.is_done else "running",
        retried=retry.retried_count,
        created_at=retry.created_at,
        unreached=None,
    ).rendered()


def render_dry_run(unreached: UnreachedDocument) -> dict[str, Any]:
    return RetryDocument(id=None, state="dry_run", retried=0, created_at=None, unreached=unreached).rendered()


def _group_document(group: UnreachedGroup) -> UnreachedGroupDocument:
    return UnreachedGroupDocument(
        outcome=group.outcome or None,
        reason=group.reason or None,
        channel=group.channel or None,
        code=group.code or None,
        detail=group.detail or None,
        recipients=group.recipients,
    )
