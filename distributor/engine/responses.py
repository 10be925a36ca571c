"""Answers: what uses a link up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from distributor.engine.links import find_link, note_open
from distributor.engine.stopping import stop_journeys
from distributor.engine.thanking import thank
from distributor.models import Distribution, Response
from distributor.rules.links import LinkState
from distributor.rules.stopping import StopReason


class LinkNotOpen(Exception):
    """A link that takes no answer: used, expired or cancelled. `state` is None when there is no such link."""

    def __init__(self, state: LinkState | None) -> None:
        super().__init__(f"link is {state or 'unknown'}")
        self.state = state


@transaction.atomic
def record_response(
    code: str, answers: Mapping[str, Any], now: datetime, *, organization_id: UUID | None = None
) -> Response:
    """Store the answers given through a link, use the link up, call off what its recipient waits for, and thank it.

    Of simultaneous answers one is stored: the others wait for the recipient's lock and find the link used.
    Raises LinkNotOpen.
    """
    link = find_link(code, now, organization_id=organization_id, for_update=True)
    if link is None:
        raise LinkNotOpen(None)
    if link.state is not LinkState.OPEN:
        raise LinkNotOpen(link.state)
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
    note_open(recipient, now)
    recipient.responded_at = now
    recipient.save(update_fields=["responded_at"])
    stop_journeys([recipient], StopReason.RESPONDED, now)
    thank(recipient.pk, now)
    Distribution.objects.filter(pk=recipient.distribution_id).update(responded_count=F("responded_count") + 1)
    return response
