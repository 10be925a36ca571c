"""Responses by survey, attributes, contact and time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from uuid import UUID

from django.db.models import Q

from distributor.engine.queries.page import Found, Window, least_id_at, read_by_id
from distributor.engine.responses.record import find_responses
from distributor.models import Response


def read_responses(
    organization_id: UUID,
    window: Window,
    *,
    survey_id: UUID | None = None,
    attributes: Mapping[str, Sequence[str]],
    contact_ids: Sequence[UUID] | None = None,
) -> Found[Response]:
    """Return a page of an organisation's responses, with recipient and contact.

    A response was created when it was stored, which its id tells. An anonymous one counts as stored at the beginning
    of its day, and is found by every moment of that day.
    """
    responses = find_responses(organization_id, survey_id, attributes, None)
    if contact_ids is not None:
        responses = responses.filter(recipient__contact_id__in=contact_ids)
    if window.created_after is not None:
        day = datetime.combine(window.created_after.astimezone(UTC).date(), time(), UTC)
        is_late = Q(pk__gte=least_id_at(window.created_after)) | Q(recipient_id=None)
        responses = responses.filter(is_late, pk__gte=least_id_at(day))
    if window.created_before is not None:
        responses = responses.filter(pk__lt=least_id_at(window.created_before))
    return read_by_id(responses, window)
