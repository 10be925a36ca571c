"""What became of somebody in a distribution, or in what followed it, as this dialect tells it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import Field

from distributor.api.dialects.distributions_v3.distributions.element import moment_or_none
from distributor.api.dialects.distributions_v3.distributions.send import link_to
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
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
_OUTCOMES: Final = {
    RecipientOutcome.SENT.value: "Success",
    RecipientOutcome.FAILED.value: "Failure",
    RecipientOutcome.INDETERMINATE.value: "Unknown",
}
_TRIED: Final = {
    AttemptState.SENT.value: "Success",
    AttemptState.FAILED.value: "Failure",
    AttemptState.UNKNOWN.value: "Unknown",
}


class HistoryElement(Element):
    contact_id: str = Field(pattern=Kind.CONTACT.pattern)
    contact_lookup_id: str = Field(pattern=Kind.CONTACT_LOOKUP.pattern)
    distribution_id: str
    status: str = Field(
        description="Pending, Success, Failure, Unknown, SoftBounce, HardBounce, Blocked, Complaint, Opened, "
        "SurveyFinished or Skipped"
    )
    survey_link: str | None
    contact_frequency_rule_id: None
    response_id: str | None
    response_started_at: str | None = Field(description="When the link was first opened, of who has finished.")
    response_completed_at: str | None
    sent_at: str | None
    opened_at: str | None
    response_duration: int | None = Field(description="Seconds between the two.")
    survey_session_id: None
    reason: str | None = Field(description="Ours: why somebody was left out, stopped, or could not be reached.")


def invited(row: Recipient, attempts: Sequence[Attempt], response_id: UUID | None) -> HistoryElement:
    """Of a distribution; `tries` are those of its own messages, not of what followed them."""
    return _element(
        public_id(Kind.DISTRIBUTION, row.distribution_id),
        row,
        status=_status_of_invited(row, attempts),
        sent_at=row.first_sent_at,
        opened_at=row.first_opened_at,
        response_id=response_id,
    )


def followed(step_id: UUID, row: Recipient, attempts: Sequence[Attempt], response_id: UUID | None) -> HistoryElement:
    """Of a reminder or thank-you that somebody was tried to be sent. A response is told of if it came after that."""
    begun_at = attempts[0].begun_at
    has_answered = row.responded_at is not None and row.responded_at >= begun_at
    trouble = _TROUBLES.get(Trouble(attempts[-1].trouble))
    return _element(
        public_id(Kind.DISTRIBUTION, step_id),
        row,
        status=_FINISHED if has_answered else trouble or _TRIED[attempts[-1].state],
        sent_at=next((one.begun_at for one in attempts if one.state == AttemptState.SENT), None),
        opened_at=None,
        response_id=response_id if has_answered else None,
    )


def left_out(decision: Decision) -> HistoryElement:
    """Of somebody who never became a recipient."""
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
    row: Recipient,
    *,
    status: str,
    sent_at: datetime | None,
    opened_at: datetime | None,
    response_id: UUID | None,
) -> HistoryElement:
    has_finished = response_id is not None
    started_at, finished_at = (row.first_opened_at, row.responded_at) if has_finished else (None, None)
    return HistoryElement(
        contact_id=public_id(Kind.CONTACT, row.contact_id),
        contact_lookup_id=public_id(Kind.CONTACT_LOOKUP, row.contact_id),
        distribution_id=distribution_id,
        status=status,
        survey_link=link_to(row.code),
        contact_frequency_rule_id=None,
        response_id=None if response_id is None else public_id(Kind.RESPONSE, response_id),
        response_started_at=moment_or_none(started_at),
        response_completed_at=moment_or_none(finished_at),
        sent_at=moment_or_none(sent_at),
        opened_at=moment_or_none(opened_at),
        response_duration=round((finished_at - started_at).total_seconds()) if finished_at and started_at else None,
        survey_session_id=None,
        reason=row.reason or None,
    )


def _status_of_invited(row: Recipient, attempts: Sequence[Attempt]) -> str:
    """The last thing that is known: an answer says more than a bounce, and that more than an opening."""
    if row.responded_at is not None:
        return _FINISHED
    trouble = _TROUBLES.get(Trouble(attempts[-1].trouble)) if attempts else None
    if trouble is not None:
        return trouble
    if row.first_opened_at is not None:
        return "Opened"
    if row.state == RecipientState.STOPPED:
        return "Skipped"
    if row.state == RecipientState.FINISHED:
        return _OUTCOMES[row.outcome]
    return "Pending" if row.first_sent_at is None else "Success"
