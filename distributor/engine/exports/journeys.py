"""The recipients of some distributions in pages, distribution by distribution, along an index."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet, Sum

from distributor.engine.exports.pages import Scope
from distributor.engine.infrastructure.sql_params import array_of
from distributor.models import Distribution

# Quick sends are distributions of one person: so many are looked at together.
_DISTRIBUTIONS: Final = 2_000
# The bound is a value of each distribution, so that the index is entered at it.
_READ: Final = """
SELECT r.id, r.distribution_id, r.contact_id, c.erased_at IS NOT NULL, c.external_id, c.first_name, c.last_name,
    c.email, c.phone, r.code, r.state, r.outcome, r.reason,
    c.embedded_data || d.attributes || r.attributes, r.attempt_count, r.created_at,
    r.first_sent_at, r.first_opened_at, r.responded_at,
    coalesce(last.channel, ''), coalesce(last.code, ''), coalesce(last.detail, '')
FROM distributor_distribution d
CROSS JOIN LATERAL (
    SELECT * FROM distributor_recipient
    WHERE distribution_id = d.id AND id > CASE WHEN d.id = %(first)s THEN %(after)s ELSE 0 END
    ORDER BY id LIMIT %(limit)s
) AS r
JOIN contacts_contact c ON c.id = r.contact_id
LEFT JOIN distributor_attempt last ON last.recipient_id = r.id AND last.number = r.attempt_count
WHERE d.id = ANY(%(ids)s::uuid[])
ORDER BY r.distribution_id, r.id LIMIT %(limit)s
"""


class Journey(NamedTuple):
    """A recipient with its contact and the last attempt: `channel`, `provider_code` and `provider_text`.

    `data` is the contact's embedded data, overlaid with what calls gave for the distribution and for this
    recipient.
    """

    id: int
    distribution_id: UUID
    contact_id: UUID
    is_erased: bool
    external_id: str | None
    first_name: str
    last_name: str
    email: str
    phone: str
    code: str
    state: str
    outcome: str
    reason: str
    data: Any
    attempt_count: int
    created_at: datetime
    first_sent_at: datetime | None
    first_opened_at: datetime | None
    responded_at: datetime | None
    channel: str
    provider_code: str
    provider_text: str


_DATA: Final = Journey._fields.index("data")


class JourneyPage(NamedTuple):
    """Journeys with their distributions, and the position after them: a distribution and an id within it."""

    journeys: list[Journey]
    distributions: Mapping[UUID, Distribution]
    after: tuple[UUID, int]
    is_last: bool


def distributions_of(scope: Scope) -> QuerySet[Distribution]:
    """Return the distributions that the filters name: by id, survey, list, and the time of their acceptance."""
    filters = scope.filters
    rows = Distribution.objects.filter(organization=scope.organization, deleted_at=None)
    if filters.distribution_id is not None:
        rows = rows.filter(pk=filters.distribution_id)
    if filters.survey_id is not None:
        rows = rows.filter(survey_id=filters.survey_id)
    if filters.list_id is not None:
        rows = rows.filter(mailing_list_id=filters.list_id)
    if filters.since is not None:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.before is not None:
        rows = rows.filter(created_at__lt=filters.before)
    return rows


def count_accepted(scope: Scope) -> int:
    """Return how many contacts the distributions were accepted for, with those who were left out."""
    return int(distributions_of(scope).aggregate(sum=Sum("accepted_count"))["sum"] or 0)


def read_journeys(scope: Scope, after: tuple[UUID, int], limit: int) -> JourneyPage:
    """Read the journeys that follow a position, at least one unless there are no more."""
    first, after_id = after
    while chosen := next_distributions(scope, first, limit):
        journeys = _read([each.pk for each in chosen], first, after_id, limit)
        last = journeys[-1] if len(journeys) == limit else None
        first, after_id = (last.distribution_id, last.id) if last is not None else behind(chosen[-1])
        if journeys:
            return JourneyPage(journeys, {each.pk: each for each in chosen}, (first, after_id), is_last=False)
    return JourneyPage([], {}, (first, after_id), is_last=True)


def behind(distribution: Distribution) -> tuple[UUID, int]:
    """Return the position behind all recipients of a distribution."""
    return UUID(int=distribution.pk.int + 1), 0


def next_distributions(scope: Scope, first: UUID, limit: int) -> Sequence[Distribution]:
    """Return as many distributions, from the id `first` on, as have about `limit` contacts together."""
    rows = distributions_of(scope).filter(pk__gte=first).order_by("pk").select_related("survey")
    chosen, contacts = [], 0
    for distribution in rows[:_DISTRIBUTIONS]:
        chosen.append(distribution)
        contacts += distribution.accepted_count
        if contacts >= limit:
            break
    return chosen


def _read(ids: Sequence[UUID], first: UUID, after_id: int, limit: int) -> list[Journey]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"ids": array_of(ids), "first": first, "after": after_id, "limit": limit})
        return [Journey(*row)._replace(data=orjson.loads(row[_DATA])) for row in cursor.fetchall()]


def contact_values(journey: Journey) -> dict[str, Any]:
    """Return the values of CONTACT_COLUMNS."""
    return {
        "contactId": journey.contact_id,
        "externalId": journey.external_id,
        "firstName": journey.first_name,
        "lastName": journey.last_name,
        "email": journey.email,
        "phone": journey.phone,
    }
