"""Answers: what uses a link up, unless it is for several."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import F, Q, QuerySet

from contacts.ids import new_id_of_day
from distributor.engine.follow_up.thank_you import arm_thank_you
from distributor.engine.journey.stop import stop_journeys
from distributor.engine.responses.links import Link, find_link, note_open
from distributor.models import Distribution, Response, Survey
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.links import LinkState


class LinkNotOpenError(Exception):
    """A link that takes no answer: used, expired or cancelled. `state` is None when there is no such link."""

    def __init__(self, state: LinkState | None) -> None:
        super().__init__(f"link is {state or 'unknown'}")
        self.state = state


def record_response(
    code: str,
    answers: Mapping[str, Any],
    now: datetime,
    *,
    submitted_at: datetime | None = None,
    organization_id: UUID | None = None,
) -> Response:
    """Store the answers given through a link, use the link up, call off what its recipient waits for, and thank it.

    `submitted_at` None: they are given now. Otherwise the link's expiry is judged by when they were.

    Of simultaneous answers one is stored: the others wait for the recipient's lock and find the link used. A link for
    several answers stores each, and only the first has an effect. An anonymous link is not used up, and nothing is
    called off: nobody knows who answered. Raises LinkNotOpen.
    """
    at = submitted_at or now
    link = _open_link(code, at, organization_id)
    if link.is_anonymous:
        return record_anonymous(link.survey, answers, at)
    return _record_named(code, answers, at, now, organization_id)


def record_anonymous(survey: Survey, answers: Mapping[str, Any], submitted_at: datetime) -> Response:
    """Store answers that are nobody's: of the time only the day.

    One statement, and it writes one row. A row that is locked or changed beside it would carry the same number:
    PostgreSQL keeps the transaction's number in every row that it wrote or locked.
    """
    day = submitted_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Response.objects.create(id=new_id_of_day(day), survey=survey, answers=answers, submitted_at=day)


def find_responses(
    organization_id: UUID, survey_id: UUID | None, attributes: Mapping[str, Sequence[str]], before_id: UUID | None
) -> QuerySet[Response]:
    """The organisation's responses, newest first, of a survey if one is named, with recipient and contact.

    `attributes` are texts by key, of each of which a response has at least one. A text that reads as a number or as
    true, false or null means that as well.
    """
    found = Response.objects.filter(survey__organization_id=organization_id).select_related("recipient__contact")
    if survey_id is not None:
        found = found.filter(survey_id=survey_id)
    if before_id is not None:
        found = found.filter(id__lt=before_id)
    for key, texts in attributes.items():
        values = [value for text in texts for value in _readings(text)]
        found = found.filter(reduce(or_, (Q(attributes__contains={key: value}) for value in values)))
    return found.order_by("-id")


def _readings(text: str) -> list[Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return [text]
    return [text] if isinstance(value, (str, list, dict)) else [text, value]


def _open_link(code: str, now: datetime, organization_id: UUID | None, *, for_update: bool = False) -> Link:
    link = find_link(code, now, organization_id=organization_id, for_update=for_update)
    if link is None:
        raise LinkNotOpenError(None)
    if link.state is not LinkState.OPEN:
        raise LinkNotOpenError(link.state)
    return link


@transaction.atomic
def _record_named(
    code: str, answers: Mapping[str, Any], submitted_at: datetime, now: datetime, organization_id: UUID | None
) -> Response:
    link = _open_link(code, submitted_at, organization_id, for_update=True)
    recipient = link.recipient
    response = Response.objects.create(
        survey=link.survey,
        recipient=recipient,
        ordinal=1 if recipient.responded_at is None else recipient.responses.count() + 1,
        locale=link.locale,
        attributes=link.attributes,
        answers=answers,
        submitted_at=submitted_at,
    )
    if recipient.responded_at is not None:
        return response
    # Who answers has opened, even if the survey was reached without our page: opened never falls behind responded.
    note_open(recipient, submitted_at)
    recipient.responded_at = submitted_at
    recipient.save(update_fields=["responded_at"])
    stop_journeys([recipient], StopReason.RESPONDED, now)
    arm_thank_you(recipient.pk, now)
    Distribution.objects.filter(pk=recipient.distribution_id).update(responded_count=F("responded_count") + 1)
    return response
