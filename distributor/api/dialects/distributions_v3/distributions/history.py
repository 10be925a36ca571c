"""/API/v3/distributions/{id}/history: what became of everybody, and then who was left out."""

from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models.api_key import Scope
from distributor import models
from distributor.api.dialects.distributions_v3.distributions.history_element import (
    HistoryElement,
    followed,
    invited,
    left_out,
)
from distributor.api.dialects.distributions_v3.distributions.lookup import OF_SURVEY, find_either
from distributor.api.dialects.distributions_v3.envelope import (
    ERRORS_OF_A_QUERY,
    ERRORS_OF_ONE,
    DialectView,
    answer_elements,
    paged,
)
from distributor.api.dialects.distributions_v3.paging import PAGE, Page, next_page, read_page
from distributor.api.pagination import parse_row_number
from distributor.engine.journey.attempts import read_attempts
from distributor.models import Attempt, Decision, Distribution, Recipient, Step


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
        """Of a reminder or a thank-you: of everybody whom it was tried to be sent to."""
        page = read_page(request, _parse_place)
        named = find_either(request, distribution_id)
        recipients, skipped = _read(named, page)
        elements = [*_told(named, recipients[: page.size]), *map(left_out, skipped[: page.size - len(recipients)])]
        token = None
        if len(recipients) + len(skipped) > page.size:
            last = len(recipients) >= page.size
            token = str(recipients[page.size - 1].pk) if last else f"s{skipped[page.size - len(recipients) - 1].pk}"
        return answer_elements([one.rendered() for one in elements], next_page(request, page, token))


def _parse_place(token: str) -> _Place:
    return _Place(token.startswith("s"), parse_row_number(token.removeprefix("s")))


def _read(named: Distribution | Step, page: Page[_Place]) -> tuple[list[Recipient], list[Decision]]:
    """The page's recipients and decisions, and one more of either when another page follows."""
    after = page.after or _Place(False, 0)
    wanted = page.size + 1
    recipients: list[Recipient] = []
    if not after.is_among_skipped:
        recipients = list(_recipients(named).filter(id__gt=after.number).order_by("id")[:wanted])
    if isinstance(named, Step):
        return recipients, []
    skipped = Decision.objects.filter(distribution_id=named.pk, recipient_id=None)
    if after.is_among_skipped:
        skipped = skipped.filter(id__gt=after.number)
    return recipients, list(skipped.order_by("id")[: wanted - len(recipients)])


def _recipients(named: Distribution | Step) -> QuerySet[Recipient]:
    if not isinstance(named, Step):
        return Recipient.objects.filter(distribution_id=named.pk)
    rows = Recipient.objects.filter(distribution_id=named.distribution_id)
    if named.contact_id is not None:
        rows = rows.filter(contact_id=named.contact_id)
    return rows.filter(Exists(Attempt.objects.filter(recipient_id=OuterRef("pk"), step_id=named.pk)))


def _told(named: Distribution | Step, recipients: Sequence[Recipient]) -> list[HistoryElement]:
    """In two statements more, or three: everybody's tries, first responses, and which tries are a follow-up's."""
    ids = [recipient.pk for recipient in recipients]
    tries = read_attempts(ids)
    first = models.Response.objects.filter(recipient_id__in=ids, ordinal=1)
    responses = dict(first.values_list("recipient_id", "id"))
    if isinstance(named, Step):
        own = {one.pk: [attempt for attempt in tries[one.pk] if attempt.step_id == named.pk] for one in recipients}
        return [followed(named.pk, one, own[one.pk], responses.get(one.pk)) for one in recipients]
    added = _added_steps(named)
    return [
        invited(one, [attempt for attempt in tries[one.pk] if attempt.step_id not in added], responses.get(one.pk))
        for one in recipients
    ]


def _added_steps(distribution: Distribution) -> Collection[UUID]:
    if not distribution.follow_up_count:
        return ()
    return set(Step.objects.filter(distribution=distribution, scheduled_at__isnull=False).values_list("pk", flat=True))
