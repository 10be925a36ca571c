"""/API/v3/distributions/{id}/history: what became of everybody, and then who was left out."""

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple
from uuid import UUID

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor import models
from distributor.api.dialects.distributions_v3.distribution_elements import moment_or_none
from distributor.api.dialects.distributions_v3.distributions import OF_SURVEY, find_distribution
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    DialectView,
    Element,
    answer_elements,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import PAGE, Page, next_page, read_page
from distributor.api.dialects.distributions_v3.sending import link_to
from distributor.api.pagination import parse_row_number
from distributor.engine.tries import read_tries
from distributor.models import Attempt, Decision, Recipient
from distributor.models.recipient import RecipientOutcome, RecipientState
from distributor.rules.feedback import Trouble

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


class _Place(NamedTuple):
    """How far a page got: a recipient's number, or that of the decision that left somebody out."""

    is_among_skipped: bool
    number: int


class DistributionHistory(DialectView):
    """Everybody's history in a distribution."""

    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3_list_history",
        tags=["lists and links"],
        parameters=[OF_SURVEY, *PAGE],
        responses={200: paged(HistoryElement)} | ERRORS_OF_ONE | ERRORS_OF_A_QUERY,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        page = read_page(request, _parse_place)
        distribution = find_distribution(request, distribution_id)
        recipients, skipped = _read(distribution.pk, page)
        elements = [*_told(recipients[: page.size]), *map(_skipped, skipped[: page.size - len(recipients)])]
        token = None
        if len(recipients) + len(skipped) > page.size:
            last = len(recipients) >= page.size
            token = str(recipients[page.size - 1].pk) if last else f"s{skipped[page.size - len(recipients) - 1].pk}"
        return answer_elements([one.rendered() for one in elements], next_page(request, page, token))


def _parse_place(token: str) -> _Place:
    return _Place(token.startswith("s"), parse_row_number(token.removeprefix("s")))


def _read(distribution_id: UUID, page: Page[_Place]) -> tuple[list[Recipient], list[Decision]]:
    """The page's recipients and decisions, and one more of either when another page follows."""
    after = page.after or _Place(False, 0)
    wanted = page.size + 1
    recipients: list[Recipient] = []
    if not after.is_among_skipped:
        rows = Recipient.objects.filter(distribution_id=distribution_id, id__gt=after.number)
        recipients = list(rows.order_by("id")[:wanted])
    skipped = Decision.objects.filter(distribution_id=distribution_id, recipient_id=None)
    if after.is_among_skipped:
        skipped = skipped.filter(id__gt=after.number)
    return recipients, list(skipped.order_by("id")[: wanted - len(recipients)])


def _told(recipients: Sequence[Recipient]) -> list[HistoryElement]:
    """In two statements more: everybody's tries, and first responses."""
    ids = [recipient.pk for recipient in recipients]
    tries = read_tries(ids)
    first = models.Response.objects.filter(recipient_id__in=ids, ordinal=1)
    responses = dict(first.values_list("recipient_id", "id"))
    return [_element(one, tries.get(one.pk, []), responses.get(one.pk)) for one in recipients]


def _element(row: Recipient, tries: Sequence[Attempt], response_id: UUID | None) -> HistoryElement:
    finished_at = row.responded_at
    opened_at = row.first_opened_at
    started_at = opened_at if finished_at else None
    return HistoryElement(
        contact_id=public_id(Kind.CONTACT, row.contact_id),
        contact_lookup_id=public_id(Kind.CONTACT_LOOKUP, row.contact_id),
        distribution_id=public_id(Kind.DISTRIBUTION, row.distribution_id),
        status=_status(row, tries),
        survey_link=link_to(row.code),
        contact_frequency_rule_id=None,
        response_id=None if response_id is None else public_id(Kind.RESPONSE, response_id),
        response_started_at=moment_or_none(started_at),
        response_completed_at=moment_or_none(finished_at),
        sent_at=moment_or_none(row.first_sent_at),
        opened_at=moment_or_none(opened_at),
        response_duration=round((finished_at - started_at).total_seconds()) if finished_at and started_at else None,
        survey_session_id=None,
        reason=row.reason or None,
    )


def _status(row: Recipient, tries: Sequence[Attempt]) -> str:
    """The last thing that is known: an answer says more than a bounce, and that more than an opening."""
    if row.responded_at is not None:
        return "SurveyFinished"
    trouble = _TROUBLES.get(Trouble(tries[-1].trouble)) if tries else None
    if trouble is not None:
        return trouble
    if row.first_opened_at is not None:
        return "Opened"
    if row.state == RecipientState.STOPPED:
        return "Skipped"
    if row.state == RecipientState.FINISHED:
        return _OUTCOMES[row.outcome]
    return "Pending" if row.first_sent_at is None else "Success"


def _skipped(decision: Decision) -> HistoryElement:
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
