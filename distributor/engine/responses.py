"""Answers: what uses a link up."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from contacts.ids import new_id_of_day
from distributor.engine.links import Link, find_link, record_open
from distributor.engine.stopping import stop_journeys
from distributor.models import Distribution, Response
from distributor.rules.links import LinkState
from distributor.rules.stopping import StopReason


class LinkNotOpen(Exception):
    """A link that takes no answer: used, expired or cancelled. `state` is None when there is no such link."""

    def __init__(self, state: LinkState | None) -> None:
        super().__init__(f"link is {state or 'unknown'}")
        self.state = state


def record_response(
    code: str, answers: Mapping[str, Any], now: datetime, *, organization_id: UUID | None = None
) -> Response:
    """Store the answers given through a link, use the link up, and call off what its recipient still waits for.

    Of simultaneous answers one is stored: the others wait for the recipient's lock and find the link used. An
    anonymous link is not used up, and nothing is called off: nobody knows who answered. Raises LinkNotOpen.
    """
    link = _open_link(code, now, organization_id)
    if link.is_anonymous:
        return _record_anonymous(link, answers, now)
    return _record_named(code, answers, now, organization_id)


def _open_link(code: str, now: datetime, organization_id: UUID | None, *, for_update: bool = False) -> Link:
    link = find_link(code, now, organization_id=organization_id, for_update=for_update)
    if link is None:
        raise LinkNotOpen(None)
    if link.state is not LinkState.OPEN:
        raise LinkNotOpen(link.state)
    return link


def _record_anonymous(link: Link, answers: Mapping[str, Any], now: datetime) -> Response:
    """One statement, and it writes one row. A row that is locked or changed beside it would carry the same number.

    (PostgreSQL keeps the transaction's number in every row that it wrote or locked.)
    """
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Response.objects.create(id=new_id_of_day(now), survey=link.survey, answers=answers, submitted_at=day)


@transaction.atomic
def _record_named(code: str, answers: Mapping[str, Any], now: datetime, organization_id: UUID | None) -> Response:
    link = _open_link(code, now, organization_id, for_update=True)
    recipient = link.recipient
    response = Response.objects.create(
        survey=link.survey,
        recipient=recipient,
        locale=link.locale,
        attributes=link.attributes,
        answers=answers,
        submitted_at=now,
    )
    # Who answers has opened, even if the survey was reached without our page: opened never falls behind responded.
    record_open(recipient, now)
    recipient.responded_at = now
    recipient.save(update_fields=["responded_at"])
    stop_journeys([recipient], StopReason.RESPONDED, now)
    Distribution.objects.filter(pk=recipient.distribution_id).update(responded_count=F("responded_count") + 1)
    return response
