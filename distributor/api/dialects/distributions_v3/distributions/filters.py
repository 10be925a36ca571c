"""Which distributions a call asks for: filters and pages over invitations and what follows them."""

import heapq
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter
from pydantic import TypeAdapter, ValidationError
from rest_framework.request import Request

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.distributions.element import (
    GENERATED,
    own_distributions,
    render_distributions,
    with_details,
)
from distributor.api.dialects.distributions_v3.distributions.follow_ups.element import (
    REQUEST_TYPES,
    own_follow_ups,
    render_follow_ups,
    with_parent,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.api.dialects.distributions_v3.paging import Page
from distributor.api.fields import Moment
from distributor.api.problems import Fault

_MOMENT: Final[TypeAdapter[datetime]] = TypeAdapter(Moment)
_INVITATIONS: Final = ("Invite", "GeneratedInvite")
_TYPES: Final = (*_INVITATIONS, *REQUEST_TYPES.values())
_NAMED: Final = (("surveyId", Kind.SURVEY, "survey_id"), ("mailingListId", Kind.MAILING_LIST, "mailing_list_id"))
_MOMENTS: Final = (("sendStartDate", "sent_at__gte"), ("sendEndDate", "sent_at__lte"))
FILTERS: Final = [
    OpenApiParameter("surveyId", description="Only of this survey."),
    OpenApiParameter("mailingListId", description="Only to this mailing list."),
    OpenApiParameter("distributionRequestType", enum=["", *_TYPES], description="A blank one means: of any type."),
    OpenApiParameter("sendStartDate", description="ISO 8601: sent, or to be sent, from then on."),
    OpenApiParameter("sendEndDate", description="ISO 8601: sent, or to be sent, until then."),
]


class Asked:
    """What a query asks for. What is wrong with it is added to `faults`."""

    def __init__(self, request: Request, faults: list[Fault]) -> None:
        self._query = request.query_params
        self._faults = faults
        self._columns = self._read_columns()
        self._type = self._query.get("distributionRequestType") or None
        if self._type and self._type not in _TYPES:
            faults.append(Fault("?distributionRequestType", "enum", f"This is one of {', '.join(_TYPES)}."))
        self._moments = self._read_moments()

    def keys(self, organization: Organization, page: Page[UUID]) -> list[UUID]:
        """The keys of the page and one more when another follows, newest first: of invitations and what follows them.

        Two statements, each along an index: the newest of both are merged.
        """
        count = page.offset + page.size + 1
        newest: list[Sequence[UUID]] = []
        if self._type is None or self._type in _INVITATIONS:
            newest.append(self._invitations(organization, page.after)[:count])
        if self._type is None or self._type not in _INVITATIONS:
            newest.append(self._follow_ups(organization, page.after)[:count])
        return list(islice(heapq.merge(*newest, reverse=True), page.offset, count))

    def _invitations(self, organization: Organization, before: UUID | None) -> Any:
        rows = own_distributions(organization).alias(sent_at=Coalesce("scheduled_at", "created_at"))
        rows = rows.filter(**self._columns, **self._moments)
        if self._type is not None:
            rows = rows.filter(GENERATED) if self._type == "GeneratedInvite" else rows.exclude(GENERATED)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        return rows.order_by("-pk").values_list("pk", flat=True)

    def _follow_ups(self, organization: Organization, before: UUID | None) -> Any:
        moments = {name.replace("sent_at", "scheduled_at"): at for name, at in self._moments.items()}
        columns = {f"distribution__{name}": key for name, key in self._columns.items()}
        rows = own_follow_ups(organization).filter(**columns, **moments)
        if self._type is not None:
            rows = rows.filter(kind={name: kind for kind, name in REQUEST_TYPES.items()}[self._type])
        if before is not None:
            rows = rows.filter(follow_up__pk__lt=before)
        # By the table of follow-ups, which is small beside that of steps.
        return rows.order_by("-follow_up__pk").values_list("follow_up__pk", flat=True)

    def _read_columns(self) -> dict[str, UUID]:
        columns: dict[str, UUID] = {}
        for name, kind, column in _NAMED:
            if text := self._query.get(name):
                keys = read_id(kind, text)
                if keys is None:
                    self._faults.append(Fault(f"?{name}", "invalid_id", f"This is no id of the form {kind.value}_…"))
                else:
                    columns |= {f"{column}__gte": keys.first, f"{column}__lte": keys.last}
        return columns

    def _read_moments(self) -> dict[str, datetime]:
        moments = {}
        for name, lookup in _MOMENTS:
            if text := self._query.get(name):
                # The plus sign of an offset that nobody encoded arrives as a blank.
                asked = text[:11] + text[11:].replace(" ", "+")
                try:
                    moments[lookup] = _MOMENT.validate_python(asked)
                except ValidationError:
                    self._faults.append(Fault(f"?{name}", "invalid_moment", "This is no ISO 8601 time."))
        return moments


def render_keys(keys: Sequence[UUID], organization: Organization, now: datetime) -> list[dict[str, Any]]:
    """The elements of invitations and follow-ups, in the order of their keys; as many statements as for one of each."""
    invitations = list(with_details(own_distributions(organization)).filter(pk__in=keys))
    rows = own_follow_ups(organization).filter(pk__in=set(keys) - {row.pk for row in invitations})
    elements = render_distributions(invitations, organization, now)
    elements += render_follow_ups(list(with_parent(rows)), organization, now)
    by_id = {element["id"]: element for element in elements}
    ids = (public_id(Kind.DISTRIBUTION, key) for key in keys)
    # One that was deleted a moment ago is left out.
    return [by_id[one] for one in ids if one in by_id]
