"""Responses with their answers, survey by survey."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from contacts.selection import BEFORE_ALL
from distributor.engine.exports.columns import CONTACT_COLUMNS, Column
from distributor.engine.exports.pages import Kind, Page, Row, Scope
from distributor.models import Attempt, Response, Survey
from distributor.models.attempt import AttemptState

COLUMNS: Final = (
    Column("responseId", "The response's id."),
    Column("surveyId", "The survey's id."),
    Column("survey", "The survey's name."),
    Column("distributionId", "The distribution's id. Empty for anonymous responses, as all that follows of a person."),
    *CONTACT_COLUMNS,
    Column("link", "The personal link."),
    Column("ordinal", "The number of the response among the recipient's, from 1."),
    Column("locale", "The language in which the survey was shown."),
    Column("channel", "The channel of the first message that was sent to the recipient. Empty: none was."),
    Column("openedAt", "When the link was first opened.", is_moment=True),
    Column("submittedAt", "When it was given. Of anonymous responses only the day is known.", is_moment=True),
    Column("answers", "The answers.", is_data=True),
    Column("embeddedData", "The recipient's data when the response was given.", is_data=True),
)


def read_page(scope: Scope, after: str, limit: int) -> Page:
    """Read the responses of one survey, in the order of their ids. The next page goes on with the next survey."""
    survey_id, response_id = map(UUID, after.split(":")) if after else (BEFORE_ALL, BEFORE_ALL)
    survey = _surveys(scope).filter(pk__gte=survey_id).order_by("pk").first()
    if survey is None:
        return Page([], after, is_last=True, scanned=0)
    bound = response_id if survey.pk == survey_id else BEFORE_ALL
    rows = Response.objects.filter(survey=survey, pk__gt=bound).order_by("pk")
    found = list(rows.select_related("recipient__contact", "recipient__distribution")[:limit])
    chosen = rows_of([response for response in found if _is_chosen(scope, response)], survey)
    if len(found) == limit:
        return Page(chosen, f"{survey.pk}:{found[-1].pk}", False, len(found))
    following = UUID(int=survey.pk.int + 1)
    is_last = not _surveys(scope).filter(pk__gte=following).exists()
    return Page(chosen, f"{following}:{BEFORE_ALL}", is_last, len(found))


def count(scope: Scope) -> int:
    """Return how many responses the surveys have."""
    return Response.objects.filter(survey__in=_surveys(scope)).count()


def _surveys(scope: Scope) -> QuerySet[Survey]:
    rows = Survey.objects.filter(organization=scope.organization)
    filters = scope.filters
    if filters.survey_id is not None:
        rows = rows.filter(pk=filters.survey_id)
    if filters.distribution_id is not None:
        rows = rows.filter(distributions=filters.distribution_id)
    return rows


def _is_chosen(scope: Scope, response: Response) -> bool:
    filters, recipient = scope.filters, response.recipient
    since = filters.since
    if since is not None and response.recipient_id is None:
        since = datetime.combine(since.astimezone(UTC).date(), time(), UTC)  # only the day is known
    if since is not None and response.submitted_at < since:
        return False
    if filters.before is not None and response.submitted_at >= filters.before:
        return False
    return filters.distribution_id is None or (
        recipient is not None and recipient.distribution_id == filters.distribution_id
    )


def rows_of(responses: Sequence[Response], survey: Survey) -> list[Row]:
    """Return the rows of responses of one survey, which were loaded with recipient, contact and distribution."""
    channels = _first_channels([each.recipient_id for each in responses if each.recipient_id is not None])
    return [_row(response, survey, channels) for response in responses]


def _first_channels(recipient_ids: Sequence[int]) -> dict[int, str]:
    """Return by recipient the channel of the first message that its provider accepted."""
    sent = Attempt.objects.filter(recipient_id__in=recipient_ids, state=AttemptState.SENT)
    firsts = sent.order_by("recipient_id", "number").distinct("recipient_id")
    return dict(firsts.values_list("recipient_id", "channel"))


def _row(response: Response, survey: Survey, channels: Mapping[int, str]) -> Row:
    recipient = response.recipient
    if recipient is not None and recipient.contact.erased_at is not None:
        recipient = None  # the answers stay, as nobody's
    contact = recipient.contact if recipient is not None else None
    values = {
        "responseId": response.pk,
        "surveyId": survey.pk,
        "survey": survey.name,
        "distributionId": recipient.distribution_id if recipient is not None else None,
        "contactId": contact.pk if contact is not None else None,
        "externalId": contact.external_id if contact is not None else None,
        "firstName": contact.first_name if contact is not None else "",
        "lastName": contact.last_name if contact is not None else "",
        "email": contact.email if contact is not None else "",
        "phone": contact.phone if contact is not None else "",
        "link": f"{settings.PUBLIC_BASE_URL}/p/{recipient.code}" if recipient is not None else "",
        "ordinal": response.ordinal,
        "locale": response.locale,
        "channel": channels.get(recipient.pk, "") if recipient is not None else "",
        "openedAt": recipient.first_opened_at if recipient is not None else None,
        "submittedAt": response.submitted_at,
        "answers": response.answers,
        "embeddedData": response.attributes,
    }
    return Row(contact.pk if contact is not None else None, values)


RESPONSES: Final = Kind(
    meaning="Responses with their answers. `since` and `before` bound when they were given. Anonymous ones, of which "
    "only the day is known, are found by every `since` of their day.",
    columns=COLUMNS,
    filters=frozenset({"distributionId", "surveyId", "since", "before"}),
    read_page=read_page,
    count=count,
    permission="distributor.view_response",
)
