"""The history of a recipient in a distribution, reminder or thank-you."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import Field

from distributor.api.dialects.distributions_v3.distributions.send import link_url
from distributor.api.dialects.distributions_v3.documentation import id_field
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.timestamps import format_time_or_none
from distributor.models import Attempt, Decision, Recipient
from distributor.models.attempt import AttemptState
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.journey.delivery_events import Trouble

_FINISHED: Final = "SurveyFinished"
_TROUBLES: Final = {
    Trouble.COMPLAINED: "Complaint",
    Trouble.UNDELIVERED: "SoftBounce",
    Trouble.BOUNCED: "HardBounce",
    Trouble.DROPPED: "Blocked",
}
_OUTCOME_STATUSES: Final = {
    RecipientOutcome.SENT.value: "Success",
    RecipientOutcome.FAILED.value: "Failure",
    RecipientOutcome.INDETERMINATE.value: "Unknown",
}
_ATTEMPT_STATUSES: Final = {
    AttemptState.SENT.value: "Success",
    AttemptState.FAILED.value: "Failure",
    AttemptState.UNKNOWN.value: "Unknown",
}


class HistoryElement(Element):
    """What happened to a recipient, or why a contact was left out."""

    contact_id: str = id_field(Kind.CONTACT, "Id of the contact.")
    contact_lookup_id: str = id_field(Kind.CONTACT_LOOKUP, "Second id of the same contact.")
    distribution_id: str = Field(
        description="Id of the distribution, reminder or thank-you.", examples=[Kind.DISTRIBUTION.example]
    )
    status: str = Field(
        description="`Pending`, `Success`, `Failure`, `Unknown`, `SoftBounce`, `HardBounce`, `Blocked`, `Complaint`, "
        "`Opened`, `SurveyFinished` or `Skipped`.",
        examples=["SurveyFinished"],
    )
    survey_link: str | None = Field(
        description="The link. Null if the contact was left out.",
        examples=["https://surveys.example.com/p/aBcDeFgH1234"],
    )
    contact_frequency_rule_id: None = Field(description="Always null.")
    response_id: str | None = Field(description="Id of the response.", examples=[Kind.RESPONSE.example])
    response_started_at: str | None = Field(
        description="If there is a response, when the link was first opened.", examples=["2030-01-21T10:00:00Z"]
    )
    response_completed_at: str | None = Field(
        description="When the survey was finished.", examples=["2030-01-21T10:05:00Z"]
    )
    sent_at: str | None = Field(description="When the message was sent.", examples=["2030-01-21T09:00:00Z"])
    opened_at: str | None = Field(
        description="When the message or link was first opened.", examples=["2030-01-21T10:00:00Z"]
    )
    response_duration: int | None = Field(
        description="Seconds between `responseStartedAt` and `responseCompletedAt`.", examples=[300]
    )
    survey_session_id: None = Field(description="Always null.")
    reason: str | None = Field(
        description="Extension: why the contact was left out, stopped or not reached.", examples=["opted_out"]
    )


def render_invitation(recipient: Recipient, attempts: Sequence[Attempt], response_id: UUID | None) -> HistoryElement:
    """Render a recipient of a distribution. `attempts` are without those of follow-ups."""
    return _element(
        public_id(Kind.DISTRIBUTION, recipient.distribution_id),
        recipient,
        status=_invitation_status(recipient, attempts),
        sent_at=recipient.first_sent_at,
        opened_at=recipient.first_opened_at,
        response_id=response_id,
    )


def render_follow_up(
    step_id: UUID, recipient: Recipient, attempts: Sequence[Attempt], response_id: UUID | None
) -> HistoryElement:
    """Render a recipient of a reminder or thank-you. A response is shown only if it came after the first attempt."""
    has_responded = recipient.responded_at is not None and recipient.responded_at >= attempts[0].begun_at
    trouble = _TROUBLES.get(Trouble(attempts[-1].trouble))
    return _element(
        public_id(Kind.DISTRIBUTION, step_id),
        recipient,
        status=_FINISHED if has_responded else trouble or _ATTEMPT_STATUSES[attempts[-1].state],
        sent_at=next((attempt.begun_at for attempt in attempts if attempt.state == AttemptState.SENT), None),
        opened_at=None,
        response_id=response_id if has_responded else None,
    )


def render_skipped(decision: Decision) -> HistoryElement:
    """Render a contact who was left out."""
    return HistoryElement(
        contact_id=public_id(Kind.CONTACT, decision.contact_id),
        contact_lookup_id=public_id(Kind.CONTACT_LOOKUP, decision.contact_id),
        distribution_id=public_id(Kind.DISTRIBUTION, decision.distribution_id),
        status="Skipped",
        survey_link=None,
        contact_frequency_rule_id=None,
        response_id=None,
        response_started_at=None,
        response_completed_at=None,
        sent_at=None,
        opened_at=None,
        response_duration=None,
        survey_session_id=None,
        reason=decision.reason,
    )


def _element(
    distribution_id: str,
    recipient: Recipient,
    *,
    status: str,
    sent_at: datetime | None,
    opened_at: datetime | None,
    response_id: UUID | None,
) -> HistoryElement:
    has_finished = response_id is not None
    started_at, finished_at = (recipient.first_opened_at, recipient.responded_at) if has_finished else (None, None)
    return HistoryElement(
        contact_id=public_id(Kind.CONTACT, recipient.contact_id),
        contact_lookup_id=public_id(Kind.CONTACT_LOOKUP, recipient.contact_id),
        distribution_id=distribution_id,
        status=status,
        survey_link=link_url(recipient.code),
        contact_frequency_rule_id=None,
        response_id=None if response_id is None else public_id(Kind.RESPONSE, response_id),
        response_started_at=format_time_or_none(started_at),
        response_completed_at=format_time_or_none(finished_at),
        sent_at=format_time_or_none(sent_at),
        opened_at=format_time_or_none(opened_at),
        response_duration=round((finished_at - started_at).total_seconds()) if finished_at and started_at else None,
        survey_session_id=None,
        reason=recipient.reason or None,
    )


def _invitation_status(recipient: Recipient, attempts: Sequence[Attempt]) -> str:
    """Return the most telling status: a response before a bounce, and a bounce before an opening."""
    if recipient.responded_at is not None:
        return _FINISHED
    trouble = _TROUBLES.get(Trouble(attempts[-1].trouble)) if attempts else None
    if trouble is not None:
        return trouble
    if recipient.first_opened_at is not None:
        return "Opened"
    if recipient.state == RecipientState.STOPPED:
        return "Skipped"
    if recipient.state == RecipientState.FINISHED:
        return _OUTCOME_STATUSES[recipient.outcome]
    return "Pending" if recipient.first_sent_at is None else "Success"
