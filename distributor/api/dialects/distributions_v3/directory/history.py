"""View of `/directories/{id}/contacts/{id}/history`: the messages to a contact, across distributions."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.channel import Channel
from contacts.models.api_key import Scope
from distributor.api.answers.pagination import parse_row_number
from distributor.api.answers.problems import Fault
from distributor.api.dialects.distributions_v3.directory.contacts import find_directory_contact
from distributor.api.dialects.distributions_v3.distributions.follow_ups.render import REQUEST_TYPES
from distributor.api.dialects.distributions_v3.documentation import CONTACT_ID, DIRECTORY_ID, TAGS, id_field
from distributor.api.dialects.distributions_v3.envelope import (
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Element,
    answer_elements,
    paged,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.paging import PAGE, next_page, read_page
from distributor.api.dialects.distributions_v3.timestamps import format_time, format_time_or_none
from distributor.engine.journey.attempts import read_attempts
from distributor.engine.queries.page import Window
from distributor.engine.queries.recipients import find_journeys
from distributor.models import Attempt, Recipient, Step
from distributor.models.attempt import AttemptState
from distributor.rules.journey.delivery_events import Trouble

_BOUNCES: Final = (Trouble.BOUNCED, Trouble.UNDELIVERED)
_RESULTS: Final = {
    AttemptState.SENT.value: "Success",
    AttemptState.FAILED.value: "Failure",
    AttemptState.UNKNOWN.value: "Unknown",
}
_TYPE: Final = OpenApiParameter(
    "type", {"type": "string", "enum": [*Channel.values]}, description="Only messages of this channel."
)


class ContactHistoryElement(Element):
    """A message to the contact: the invitation of a distribution, or a reminder or thank-you that was added to it."""

    distribution_id: str = id_field(Kind.DISTRIBUTION, "Id of the distribution, reminder or thank-you.")
    survey_id: str = id_field(Kind.SURVEY, "Id of the survey.")
    type: str = Field(description="`Invite`, `Reminder` or `ThankYou`.", examples=["Invite"])
    result: str = Field(
        description="`Success`, `Bounce`, `Failure` (no provider took it) or `Unknown`: of its last attempt.",
        examples=["Success"],
    )
    date: str = Field(description="When it was handed over to a provider.", examples=["2030-01-21T09:00:00Z"])
    survey_start_date: str | None = Field(
        description="If there is a response, when the link was first opened.", examples=["2030-01-21T10:00:00Z"]
    )
    survey_completed_date: str | None = Field(
        description="When the survey was finished.", examples=["2030-01-21T10:05:00Z"]
    )
    channel: str = Field(description="Extension: `email`, `sms` or `whatsapp`.", examples=["email"])


class ContactHistory(DialectView):
    scopes: ClassVar = {"GET": Scope.READ}

    @extend_schema(
        operation_id="v3ListContactHistory",
        summary="List the messages to a contact",
        tags=TAGS,
        parameters=[DIRECTORY_ID, CONTACT_ID, _TYPE, *PAGE],
        responses={200: paged(ContactHistoryElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, directory_id: str, contact_id: str) -> Response:
        """Return the messages to a contact, those of the newest distributions first.

        `pageSize` counts distributions: a page has the messages of so many. Deleted distributions are left out.
        """
        channel = request.query_params.get("type") or None
        detail = f"Use one of {', '.join(Channel.values)}."
        faults = [] if channel in (None, *Channel.values) else [Fault("?type", "literal_error", detail)]
        page = read_page(request, parse_row_number, faults, has_offset=False)
        contact = find_directory_contact(request, directory_id, contact_id)
        after = None if page.after is None else (page.after,)
        found = find_journeys(contact.organization_id, Window(page.size, False, after), [contact.pk])
        journeys = [journey for journey in found.rows if journey.distribution.deleted_at is None]
        token = None if found.next_key is None else str(found.next_key[0])
        return answer_elements(
            [element.render() for element in _elements(journeys, channel)], next_page(request, page, token)
        )


def _elements(journeys: Sequence[Recipient], channel: str | None) -> Iterator[ContactHistoryElement]:
    """Render the messages of journeys, with two more queries."""
    attempts = read_attempts([journey.pk for journey in journeys])
    distribution_ids = {journey.distribution_id for journey in journeys}
    added = Step.objects.filter(distribution_id__in=distribution_ids, scheduled_at__isnull=False)
    kinds = dict(added.values_list("pk", "kind"))
    for journey in journeys:
        for step_id, of_message in _by_message(attempts.get(journey.pk, ()), kinds).items():
            if channel in (None, of_message[-1].channel):
                kind = "" if step_id is None else kinds[step_id]
                yield _element(journey, step_id, REQUEST_TYPES.get(kind, "Invite"), of_message)


def _by_message(attempts: Sequence[Attempt], added: dict[UUID, str]) -> dict[UUID | None, list[Attempt]]:
    """Return attempts by the added step that they are of, the latest first; None stands for the distribution's own."""
    messages: dict[UUID | None, list[Attempt]] = {}
    for attempt in attempts:
        messages.setdefault(attempt.step_id if attempt.step_id in added else None, []).append(attempt)
    return dict(reversed(messages.items()))


def _element(
    journey: Recipient, step_id: UUID | None, request_type: str, attempts: Sequence[Attempt]
) -> ContactHistoryElement:
    last, completed_at = attempts[-1], journey.responded_at
    if step_id is not None and completed_at is not None and completed_at < attempts[0].begun_at:
        completed_at = None  # it was answered before
    return ContactHistoryElement(
        distribution_id=public_id(Kind.DISTRIBUTION, step_id or journey.distribution_id),
        survey_id=public_id(Kind.SURVEY, journey.distribution.survey_id),
        type=request_type,
        result="Bounce" if Trouble(last.trouble) in _BOUNCES else _RESULTS[last.state],
        date=format_time(last.begun_at),
        survey_start_date=format_time_or_none(journey.first_opened_at if completed_at else None),
        survey_completed_date=format_time_or_none(completed_at),
        channel=last.channel,
    )
