"""Responses: store them, use their link up unless it is for several, and find them again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from contacts.ids import new_id_of_day
from contacts.models.api_key import KeyKind
from distributor.engine.counters.count import count_recipient
from distributor.engine.follow_up.thank_you import arm_thank_you
from distributor.engine.journey.stop import stop_journeys
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.engine.responses.links import Link, find_link, store_first_open
from distributor.models import Distribution, Recipient, Response, Survey
from distributor.rules.event_types import EventType
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.links import LinkState


class LinkNotOpenError(Exception):
    """The link takes no response: it is used, expired or cancelled. `state` is None if there is no such link."""

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
    key_kind: str = KeyKind.LIVE,
) -> Response:
    """Store the answers given through a link, use the link up, stop what its recipient waits for, and arm a thank-you.

    `submitted_at` is when the answers were given; None means now. The link's expiry is judged by it.

    Of several simultaneous responses one is stored: the others wait for the recipient's lock and find the link used. A
    link for several responses stores each, and only the first one stops anything. An anonymous link is not used up and
    stops nothing, because nobody knows who responded. Raises LinkNotOpenError.
    """
    at = submitted_at or now
    link = _open_link(code, at, organization_id)
    if key_kind != KeyKind.LIVE and link.recipient.distribution.key_kind != key_kind:
        raise LinkNotOpenError(None)  # a response may bring a thank-you, which this key may not send
    if link.is_anonymous:
        return record_anonymous(link.survey, answers, at)
    return _record_personal(code, answers, at, now, organization_id)


def record_anonymous(survey: Survey, answers: Mapping[str, Any], submitted_at: datetime) -> Response:
    """Store answers without a recipient. Only the day of `submitted_at` is kept.

    This is one statement that writes one row, on purpose. PostgreSQL stores a transaction's number in every row that it
    writes or locks, so another row written or locked with the response would be linked to it.
    """
    day = submitted_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Response.objects.create(id=new_id_of_day(day), survey=survey, answers=answers, submitted_at=day)


def find_responses(
    organization_id: UUID, survey_id: UUID | None, attributes: Mapping[str, Sequence[str]], before_id: UUID | None
) -> QuerySet[Response]:
    """Return an organisation's responses, newest first, with recipient and contact.

    `survey_id` limits them to one survey. `before_id` continues after the last response of the page before.

    `attributes` are texts by key: a response matches if it has one of the texts for each key. A text that reads as a
    JSON number, true, false or null also matches that value.
    """
    responses = Response.objects.filter(survey__organization_id=organization_id).select_related("recipient__contact")
    if survey_id is not None:
        responses = responses.filter(survey_id=survey_id)
    if before_id is not None:
        responses = responses.filter(id__lt=before_id)
    for key, texts in attributes.items():
        values = [value for text in texts for value in _possible_values(text)]
        responses = responses.filter(reduce(or_, (Q(attributes__contains={key: value}) for value in values)))
    return responses.order_by("-id")


def _open_link(code: str, now: datetime, organization_id: UUID | None, *, for_update: bool = False) -> Link:
    """Return the link of a code. Raises LinkNotOpenError."""
    link = find_link(code, now, organization_id=organization_id, for_update=for_update)
    if link is None:
        raise LinkNotOpenError(None)
    if link.state is not LinkState.OPEN:
        raise LinkNotOpenError(link.state)
    return link


@transaction.atomic
def _record_personal(
    code: str, answers: Mapping[str, Any], submitted_at: datetime, now: datetime, organization_id: UUID | None
) -> Response:
    link = _open_link(code, submitted_at, organization_id, for_update=True)
    recipient = link.recipient
    response = Response.objects.create(
        survey=link.survey,
        recipient=recipient,
        ordinal=_next_ordinal(recipient),
        locale=link.locale,
        attributes=link.attributes,
        answers=answers,
        submitted_at=submitted_at,
    )
    _tell_responded(response, recipient)
    if recipient.responded_at is not None:
        return response
    # A response implies an open, even if the survey was not reached through our page: opened is never below responded.
    counts = Counter(responded=1, opened=int(store_first_open(recipient, submitted_at)), **_count_score(answers))
    recipient.responded_at = submitted_at
    recipient.save(update_fields=["responded_at"])
    stop_journeys([recipient], StopReason.RESPONDED, now)
    arm_thank_you(recipient.pk, now)
    Distribution.objects.filter(pk=recipient.distribution_id).update(responded_count=F("responded_count") + 1)
    count_recipient(recipient.distribution.organization_id, recipient.pk, counts, now)
    return response


def _next_ordinal(recipient: Recipient) -> int:
    """Return the number after the last one. Retention may have deleted earlier responses, or all of them."""
    if recipient.responded_at is None:
        return 1
    last: int | None = recipient.responses.aggregate(last=Max("ordinal"))["last"]
    return (last or 1) + 1


def _tell_responded(response: Response, recipient: Recipient) -> None:
    distribution = recipient.distribution
    details = {"responseId": response.pk, "ordinal": response.ordinal}
    write_bundles(
        [NewBundle(EventType.RESPONDED, distribution.organization_id, distribution.pk, [recipient.pk], details=details)]
    )


def _count_score(answers: Mapping[str, Any]) -> dict[str, int]:
    """Return what the score of the built-in question adds to the counters; nothing if there is none."""
    score = answers.get("score")
    is_score = isinstance(score, int) and not isinstance(score, bool) and 0 <= score <= 10
    return {"scored": 1, "score_sum": score} if is_score and score is not None else {}


def _possible_values(text: str) -> list[Any]:
    """Return the text, and the JSON number, boolean or null that it also reads as."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return [text]
    return [text] if isinstance(value, (str, list, dict)) else [text, value]
