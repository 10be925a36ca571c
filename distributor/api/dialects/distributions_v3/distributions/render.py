"""Read distributions and render them: three queries, however many there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, Prefetch, Q, QuerySet, When

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.distributions.element import (
    DistributionElement,
    RecipientsElement,
    StatsElement,
    SurveyLinkElement,
)
from distributor.api.dialects.distributions_v3.distributions.render_message import (
    NEEDED,
    NO_HEADERS,
    NO_MESSAGE,
    read_own_texts,
    render_headers,
    render_message,
)
from distributor.api.dialects.distributions_v3.distributions.send import LINK_TYPES
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.timestamps import format_time, format_time_or_none
from distributor.engine.reports.delivery_failures import NO_DELIVERY_FAILURES, DeliveryFailures, count_delivery_failures
from distributor.models import Distribution, Step
from distributor.rules.requests import LinkType

LINK_TYPE_NAMES: Final = {link_type: name for name, link_type in LINK_TYPES.items()}
# Distributions whose recipients got links and no messages.
GENERATED: Final = Q(expansion__is_sent=False) | Q(registered_count__gt=0) | Q(open_link__isnull=False)


def visible_distributions(organization: Organization) -> QuerySet[Distribution]:
    """Return the organisation's distributions, without those that a caller has deleted."""
    return Distribution.objects.filter(organization=organization, deleted_at=None)


def with_details(rows: QuerySet[Distribution]) -> QuerySet[Distribution]:
    """Load what `render_distributions` needs: first step, only contact, and whether there are links only."""
    first_step = Step.objects.filter(position=0).select_related(*NEEDED)
    only_contact_id = Case(When(expansion__contact_ids__len=1, then=F("expansion__contact_ids__0")))
    return rows.annotate(
        contact_id=only_contact_id, is_generated=Case(When(GENERATED, then=True), default=False)
    ).prefetch_related(Prefetch("steps", first_step, to_attr="first_steps"))


def render_distributions(rows: Sequence[Any], organization: Organization, now: datetime) -> list[dict[str, Any]]:
    """Render rows of `with_details`."""
    failures = count_delivery_failures([row.pk for row in rows])
    own_texts = read_own_texts(step for row in rows for step in row.first_steps)
    return [
        _element(row, organization, failures.get(row.pk, NO_DELIVERY_FAILURES), own_texts, now).render() for row in rows
    ]


def _element(
    row: Any, organization: Organization, failures: DeliveryFailures, own_texts: Mapping[UUID, str], now: datetime
) -> DistributionElement:
    [step] = row.first_steps
    owner_id = public_id(Kind.LIBRARY, organization.pk)
    is_sent = not row.is_generated
    return DistributionElement(
        id=public_id(Kind.DISTRIBUTION, row.pk),
        parent_distribution_id=None,
        owner_id=owner_id,
        organization_id=organization.slug,
        request_status=_status(row, now),
        request_type="Invite" if is_sent else "GeneratedInvite",
        send_date=format_time(row.scheduled_at or row.created_at),
        created_date=format_time(row.created_at),
        modified_date=format_time(max(filter(None, (row.created_at, row.paused_at, row.cancelled_at)))),
        custom_headers=None,
        headers=render_headers(step, organization) if is_sent else NO_HEADERS,
        recipients=RecipientsElement(
            mailing_list_id=id_or_none(Kind.MAILING_LIST, row.mailing_list_id),
            contact_id=id_or_none(Kind.CONTACT, row.contact_id),
            library_id=owner_id if row.mailing_list_id else None,
            sample_id=None,
        ),
        message=render_message(step, organization, own_texts) if is_sent else NO_MESSAGE,
        survey_link=SurveyLinkElement(
            survey_id=public_id(Kind.SURVEY, row.survey_id),
            expiration_date=format_time_or_none(row.expires_at),
            link_type=LINK_TYPE_NAMES[LinkType(row.link_type)],
        ),
        embedded_data=row.attributes,
        stats=StatsElement(
            sent=row.reached_count,
            failed=row.failed_count,
            started=row.responded_count,
            bounced=failures.bounced,
            opened=row.opened_count,
            skipped=row.skipped_count,
            finished=row.responded_count,
            complaints=failures.complained,
            blocked=failures.dropped,
        ),
    )


def _status(row: Any, now: datetime) -> str:
    status = row.status_at(now)
    if row.cancelled_at is not None:
        return "Cancelled"
    if not status.is_final:
        return "Pending"
    return "Generated" if row.is_generated else "Done"


def id_or_none(kind: Kind, key: UUID | None) -> str | None:
    return None if key is None else public_id(kind, key)
