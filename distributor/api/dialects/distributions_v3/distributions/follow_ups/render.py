"""Read reminders and thank-yous, and render them as distributions that have a parent."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.distributions.element import (
    DistributionElement,
    RecipientsElement,
    StatsElement,
    SurveyLinkElement,
)
from distributor.api.dialects.distributions_v3.distributions.render import LINK_TYPE_NAMES, id_or_none
from distributor.api.dialects.distributions_v3.distributions.render_message import (
    NEEDED,
    read_own_texts,
    render_headers,
    render_message,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.timestamps import format_time, format_time_or_none
from distributor.engine.reports.step_counts import StepCounts, count_steps
from distributor.models import Step
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType

REQUEST_TYPES: Final = {StepKind.REMINDER.value: "Reminder", StepKind.THANK_YOU.value: "ThankYou"}


def visible_follow_ups(organization: Organization) -> QuerySet[Step]:
    """Return the follow-ups of the organisation's distributions, without those that a caller has deleted."""
    follow_ups = Step.objects.filter(follow_up__isnull=False)
    return follow_ups.filter(distribution__organization=organization, distribution__deleted_at=None)


def with_parent(rows: QuerySet[Step]) -> QuerySet[Step]:
    """Load what `render_follow_ups` needs."""
    return rows.select_related("distribution", "follow_up", *NEEDED)


def render_follow_ups(rows: Sequence[Step], organization: Organization, now: datetime) -> list[dict[str, Any]]:
    """Render rows of `with_parent`."""
    # Counted apart, because follow-ups to one contact are counted along an index.
    counts = count_steps([row for row in rows if row.contact_id is None])
    counts |= count_steps([row for row in rows if row.contact_id is not None])
    own_texts = read_own_texts(rows)
    return [_element(row, organization, counts[row.pk], own_texts, now).render() for row in rows]


def _element(
    step: Step, organization: Organization, counts: StepCounts, own_texts: Mapping[UUID, str], now: datetime
) -> DistributionElement:
    parent = step.distribution
    owner_id = public_id(Kind.LIBRARY, organization.pk)
    created = format_time(datetime.fromtimestamp((step.pk.int >> 80) / 1_000, UTC))  # a UUIDv7 holds its time
    return DistributionElement(
        id=public_id(Kind.DISTRIBUTION, step.pk),
        parent_distribution_id=public_id(Kind.DISTRIBUTION, parent.pk),
        owner_id=owner_id,
        organization_id=organization.slug,
        request_status=_status(step, counts, now),
        request_type=REQUEST_TYPES[step.kind],
        send_date=format_time(step.scheduled_at or now),
        created_date=created,
        modified_date=created if parent.cancelled_at is None else format_time(parent.cancelled_at),
        custom_headers=None,
        headers=render_headers(step, organization),
        recipients=RecipientsElement(
            mailing_list_id=id_or_none(Kind.MAILING_LIST, parent.mailing_list_id),
            contact_id=id_or_none(Kind.CONTACT, step.contact_id),
            library_id=owner_id if parent.mailing_list_id else None,
            sample_id=None,
        ),
        message=render_message(step, organization, own_texts),
        survey_link=SurveyLinkElement(
            survey_id=public_id(Kind.SURVEY, parent.survey_id),
            expiration_date=format_time_or_none(parent.expires_at),
            link_type=LINK_TYPE_NAMES[LinkType(parent.link_type)],
        ),
        embedded_data=parent.attributes,
        stats=StatsElement(
            sent=counts.sent,
            failed=counts.failed,
            started=0,
            bounced=counts.bounced,
            opened=counts.opened,
            skipped=0,
            finished=0,
            complaints=counts.complained,
            blocked=0,
        ),
    )


def _status(step: Step, counts: StepCounts, now: datetime) -> str:
    if step.distribution.cancelled_at is not None:
        return "Cancelled"
    is_to_come = step.scheduled_at is not None and now < step.scheduled_at
    return "Pending" if is_to_come or counts.waiting or not step.follow_up.is_done else "Done"
