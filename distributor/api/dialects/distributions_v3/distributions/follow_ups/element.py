"""Reminders and thank-yous as this dialect shows them: like distributions of their own, which have a parent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import QuerySet

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.distributions.element import (
    LINK_TYPE_NAMES,
    DistributionElement,
    MessageElement,
    RecipientsElement,
    StatsElement,
    SurveyLinkElement,
    headers_of,
    id_or_none,
    moment,
    moment_or_none,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.reports.step_counts import StepCounts, count_steps
from distributor.models import Step
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType

REQUEST_TYPES: Final = {StepKind.REMINDER.value: "Reminder", StepKind.THANK_YOU.value: "ThankYou"}


def own_follow_ups(organization: Organization) -> QuerySet[Step]:
    """What was added to the distributions that there are for a caller."""
    added = Step.objects.filter(follow_up__isnull=False)
    return added.filter(distribution__organization=organization, distribution__deleted_at=None)


def with_parent(rows: QuerySet[Step]) -> QuerySet[Step]:
    """What an element tells beside the row."""
    return rows.select_related("distribution", "provider_account", "follow_up")


def render_follow_ups(rows: Sequence[Step], organization: Organization, now: datetime) -> list[dict[str, Any]]:
    """Elements of rows of `with_parent`."""
    # Apart, because those of one person's own are counted along an index.
    counts = count_steps([row for row in rows if row.contact_id is None])
    counts |= count_steps([row for row in rows if row.contact_id is not None])
    return [_element(row, organization, counts[row.pk], now).rendered() for row in rows]


def _element(step: Step, organization: Organization, counts: StepCounts, now: datetime) -> DistributionElement:
    parent = step.distribution
    owner = public_id(Kind.LIBRARY, organization.pk)
    created = moment(datetime.fromtimestamp((step.pk.int >> 80) / 1_000, UTC))  # a UUIDv7 tells when it was made
    return DistributionElement(
        id=public_id(Kind.DISTRIBUTION, step.pk),
        parent_distribution_id=public_id(Kind.DISTRIBUTION, parent.pk),
        owner_id=owner,
        organization_id=organization.slug,
        request_status=_status(step, counts, now),
        request_type=REQUEST_TYPES[step.kind],
        send_date=moment(step.scheduled_at or now),
        created_date=created,
        modified_date=created if parent.cancelled_at is None else moment(parent.cancelled_at),
        custom_headers={},
        headers=headers_of(step),
        recipients=RecipientsElement(
            mailing_list_id=id_or_none(Kind.MAILING_LIST, parent.mailing_list_id),
            contact_id=id_or_none(Kind.CONTACT, step.contact_id),
            library_id=owner if parent.mailing_list_id else None,
            sample_id=None,
        ),
        message=MessageElement(
            library_id=owner, message_id=public_id(Kind.MESSAGE, step.template_id), message_text=None
        ),
        survey_link=SurveyLinkElement(
            survey_id=public_id(Kind.SURVEY, parent.survey_id),
            expiration_date=moment_or_none(parent.expires_at),
            link_type=LINK_TYPE_NAMES[LinkType(parent.link_type)],
        ),
        embedded_data=None,
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
