"""The filters of `GET /distributions`, and its pages of distributions and follow-ups together."""

import heapq
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter
from pydantic import TypeAdapter, ValidationError
from rest_framework.request import Request

from contacts.channel import Channel
from contacts.models import Organization
from distributor.api.answers.problems import Fault
from distributor.api.bodies.fields import Moment
from distributor.api.dialects.distributions_v3.distributions.follow_ups.render import (
    REQUEST_TYPES,
    render_follow_ups,
    visible_follow_ups,
    with_parent,
)
from distributor.api.dialects.distributions_v3.distributions.render import (
    GENERATED,
    render_distributions,
    visible_distributions,
    with_details,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.paging import Page

_MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(Moment)
_INVITATION_TYPES: Final = ("Invite", "GeneratedInvite")
_TYPES: Final = (*_INVITATION_TYPES, *REQUEST_TYPES.values())
_NEVER_MADE: Final = ("Email", "Portal", "PortalInvite")  # published types that no call here makes
_ID_FILTERS: Final = (("surveyId", Kind.SURVEY, "survey_id"), ("mailingListId", Kind.MAILING_LIST, "mailing_list_id"))
_TIME_FILTERS: Final = (("sendStartDate", "sent_at__gte"), ("sendEndDate", "sent_at__lte"))
FILTERS: Final = [
    OpenApiParameter("surveyId", description="Only distributions of this survey."),
    OpenApiParameter("mailingListId", description="Only distributions to this mailing list."),
    OpenApiParameter(
        "distributionRequestType",
        enum=["", *_TYPES, *_NEVER_MADE],
        description=f"Only distributions of this type. Blank: all types. There are none of {', '.join(_NEVER_MADE)}.",
    ),
    OpenApiParameter(
        "sendStartDate",
        description="Only distributions with a send date at or after this time (ISO 8601).",
    ),
    OpenApiParameter(
        "sendEndDate",
        description="Only distributions with a send date at or before this time (ISO 8601).",
    ),
]


class DistributionFilters:
    """The filters of a call's query. Invalid ones are added to `faults`. `channel`: only what is sent by it first."""

    def __init__(self, request: Request, faults: list[Fault], channel: Channel | None = None) -> None:
        self._channel = channel
        self._query = request.query_params
        self._faults = faults
        self._id_lookups = self._read_ids()
        self._type = self._query.get("distributionRequestType") or None
        if self._type and self._type not in (*_TYPES, *_NEVER_MADE):
            faults.append(Fault("?distributionRequestType", "enum", f"Must be one of {', '.join(_TYPES)}."))
        self._time_lookups = self._read_times()

    def find_keys(self, organization: Organization, page: Page[UUID]) -> list[UUID]:
        """Return the page's keys of distributions and follow-ups, newest first, and one more if another page follows.

        Takes two queries along an index each; their newest rows are merged.
        """
        if self._type in _NEVER_MADE:
            return []
        count = page.offset + page.size + 1
        newest: list[Sequence[UUID]] = []
        if self._type is None or self._type in _INVITATION_TYPES:
            newest.append(self._distribution_keys(organization, page.after)[:count])
        if self._type is None or self._type not in _INVITATION_TYPES:
            newest.append(self._follow_up_keys(organization, page.after)[:count])
        return list(islice(heapq.merge(*newest, reverse=True), page.offset, count))

    def _distribution_keys(self, organization: Organization, before: UUID | None) -> Any:
        rows = visible_distributions(organization).alias(sent_at=Coalesce("scheduled_at", "created_at"))
        rows = rows.filter(**self._id_lookups, **self._time_lookups)
        if self._type is not None:
            rows = rows.filter(GENERATED) if self._type == "GeneratedInvite" else rows.exclude(GENERATED)
        if self._channel is not None:
            # Links without messages have a first step, too, by which nothing is sent.
            rows = rows.filter(steps__position=0, steps__channel=self._channel).exclude(GENERATED)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        return rows.order_by("-pk").values_list("pk", flat=True)

    def _follow_up_keys(self, organization: Organization, before: UUID | None) -> Any:
        time_lookups = {lookup.replace("sent_at", "scheduled_at"): time for lookup, time in self._time_lookups.items()}
        id_lookups = {f"distribution__{lookup}": key for lookup, key in self._id_lookups.items()}
        rows = visible_follow_ups(organization).filter(**id_lookups, **time_lookups)
        if self._type is not None:
            rows = rows.filter(kind={name: kind for kind, name in REQUEST_TYPES.items()}[self._type])
        if self._channel is not None:
            rows = rows.filter(channel=self._channel)
        if before is not None:
            rows = rows.filter(follow_up__pk__lt=before)
        # Ordered by the follow-ups' table, which is much smaller than that of all steps.
        return rows.order_by("-follow_up__pk").values_list("follow_up__pk", flat=True)

    def _read_ids(self) -> dict[str, UUID]:
        lookups: dict[str, UUID] = {}
        for name, kind, column in _ID_FILTERS:
            if text := self._query.get(name):
                keys = read_id(kind, text)
                if keys is None:
                    self._faults.append(Fault(f"?{name}", "invalid_id", f"Not a valid id. Use the form {kind.value}_…"))
                else:
                    lookups |= {f"{column}__gte": keys.first, f"{column}__lte": keys.last}
        return lookups

    def _read_times(self) -> dict[str, datetime]:
        lookups = {}
        for name, lookup in _TIME_FILTERS:
            if text := self._query.get(name):
                # The plus sign of an offset arrives as a blank if the client did not encode it.
                time = text[:11] + re.sub(r" (?=\d)", "+", text[11:])
                try:
                    lookups[lookup] = _MOMENT.validate_python(time)
                except ValidationError:
                    self._faults.append(Fault(f"?{name}", "invalid_moment", "Not a valid ISO 8601 time."))
        return lookups


def render_keys(keys: Sequence[UUID], organization: Organization, now: datetime) -> list[dict[str, Any]]:
    """Render the distributions and follow-ups with these keys, in their order. The number of queries is fixed."""
    distributions = list(with_details(visible_distributions(organization)).filter(pk__in=keys))
    follow_up_keys = set(keys) - {distribution.pk for distribution in distributions}
    follow_ups = list(with_parent(visible_follow_ups(organization).filter(pk__in=follow_up_keys)))
    elements = render_distributions(distributions, organization, now)
    elements += render_follow_ups(follow_ups, organization, now)
    by_id = {element["id"]: element for element in elements}
    ids = (public_id(Kind.DISTRIBUTION, key) for key in keys)
    # An element that was deleted meanwhile is left out.
    return [by_id[element_id] for element_id in ids if element_id in by_id]
