"""View of `/distributions/{id}/history`: first every recipient, then everyone who was left out."""

from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor import models
from distributor.api.answers.pagination import parse_row_number
from distributor.api.dialects.distributions_v3.distributions.lookup import find_distribution_or_follow_up
from distributor.api.dialects.distributions_v3.distributions.recipients.history_element import (
    HistoryElement,
    render_follow_up,
    render_invitation,
    render_skipped,
)
from distributor.api.dialects.distributions_v3.documentation import DISTRIBUTION_ID, SURVEY_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    answer_elements,
    paged,
)
from distributor.api.dialects.distributions_v3.paging import PAGE, Page, next_page, read_page
from distributor.engine.journey.attempts import read_attempts
from distributor.models import Attempt, Decision, Distribution, Recipient, Step


class _Position(NamedTuple):
    """The last row of a page: the number of a recipient, or of the decision that left a contact out."""

    is_skipped: bool
    number: int


class DistributionHistory(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListHistory",
        summary="List the history of a distribution",
        tags=TAGS,
        parameters=[DISTRIBUTION_ID, SURVEY_ID, *PAGE],
        responses={200: paged(HistoryElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, distribution_id: str) -> Response:
        """Return what happened to each recipient, and then who was left out.

        For a reminder or thank-you, lists everyone we tried to send it to.
        """
        page = read_page(request, _parse_position, has_offset=False)
        found = find_distribution_or_follow_up(request, distribution_id)
        recipients, skipped = _read(found, page)
        elements = _render_recipients(found, recipients[: page.size])
        elements += [render_skipped(decision) for decision in skipped[: page.size - len(recipients)]]
        token = None
        if len(recipients) + len(skipped) > page.size:
            ends_with_recipient = len(recipients) >= page.size
            last_skipped = page.size - len(recipients) - 1
            token = str(recipients[page.size - 1].pk) if ends_with_recipient else f"s{skipped[last_skipped].pk}"
        return answer_elements([element.render() for element in elements], next_page(request, page, token))


def _parse_position(token: str) -> _Position:
    return _Position(token.startswith("s"), parse_row_number(token.removeprefix("s")))


def _read(found: Distribution | Step, page: Page[_Position]) -> tuple[list[Recipient], list[Decision]]:
    """Return the page's recipients and decisions, and one more row in total if another page follows."""
    after = page.after or _Position(False, 0)
    limit = page.size + 1
    recipients: list[Recipient] = []
    if not after.is_skipped:
        recipients = list(_recipients(found).filter(id__gt=after.number).order_by("id")[:limit])
    if isinstance(found, Step):
        return recipients, []
    skipped = Decision.objects.filter(distribution_id=found.pk, recipient_id=None)
    if after.is_skipped:
        skipped = skipped.filter(id__gt=after.number)
    return recipients, list(skipped.order_by("id")[: limit - len(recipients)])


def _recipients(found: Distribution | Step) -> QuerySet[Recipient]:
    if not isinstance(found, Step):
        return Recipient.objects.filter(distribution_id=found.pk)
    recipients = Recipient.objects.filter(distribution_id=found.distribution_id)
    if found.contact_id is not None:
        recipients = recipients.filter(contact_id=found.contact_id)
    return recipients.filter(Exists(Attempt.objects.filter(recipient_id=OuterRef("pk"), step_id=found.pk)))


def _render_recipients(found: Distribution | Step, recipients: Sequence[Recipient]) -> list[HistoryElement]:
    """Render recipients with two more queries, for attempts and first responses, or three, for follow-up steps."""
    ids = [recipient.pk for recipient in recipients]
    attempts = read_attempts(ids)
    first_responses = models.Response.objects.filter(recipient_id__in=ids, ordinal=1)
    response_ids = dict(first_responses.values_list("recipient_id", "id"))
    if isinstance(found, Step):
        return [
            render_follow_up(
                found.pk,
                recipient,
                [attempt for attempt in attempts[recipient.pk] if attempt.step_id == found.pk],
                response_ids.get(recipient.pk),
            )
            for recipient in recipients
        ]
    follow_up_ids = _follow_up_ids(found)
    return [
        render_invitation(
            recipient,
            [attempt for attempt in attempts[recipient.pk] if attempt.step_id not in follow_up_ids],
            response_ids.get(recipient.pk),
        )
        for recipient in recipients
    ]


def _follow_up_ids(distribution: Distribution) -> Collection[UUID]:
    if not distribution.follow_up_count:
        return ()
    return set(Step.objects.filter(distribution=distribution, scheduled_at__isnull=False).values_list("pk", flat=True))
