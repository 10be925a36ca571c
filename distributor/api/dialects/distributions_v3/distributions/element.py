"""A distribution as this dialect shows it; a page of them in three statements."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, Prefetch, Q, QuerySet, When
from pydantic import Field

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.distributions.send import LINK_TYPES
from distributor.api.dialects.distributions_v3.envelope import Element
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.reports.delivery_failures import NO_DELIVERY_FAILURES, DeliveryFailures, count_delivery_failures
from distributor.models import Distribution, Step
from distributor.rules.requests import LinkType

LINK_TYPE_NAMES: Final = {kind: name for name, kind in LINK_TYPES.items()}
# Who is only registered got a link and no message.
GENERATED: Final = Q(expansion__is_sent=False) | Q(registered_count__gt=0)


class HeadersElement(Element):
    from_email: str | None
    reply_to_email: str | None
    from_name: str | None
    subject: str | None = Field(description="Null: the message's own.")


class RecipientsElement(Element):
    mailing_list_id: str | None
    contact_id: str | None
    library_id: str | None
    sample_id: None


class MessageElement(Element):
    library_id: str | None
    message_id: str | None
    message_text: None


class SurveyLinkElement(Element):
    survey_id: str
    expiration_date: str | None
    link_type: str | None = Field(description="Individual, Multiple or Anonymous")


class StatsElement(Element):
    """People, not messages."""

    sent: int = Field(description="With a message that counts as sent.")
    failed: int
    started: int = Field(description="Known to have started: those who finished.")
    bounced: int
    opened: int = Field(description="Who opened the message or the link.")
    skipped: int
    finished: int
    complaints: int
    blocked: int = Field(description="Dropped by the provider.")


class DistributionElement(Element):
    id: str = Field(pattern=Kind.DISTRIBUTION.pattern)
    parent_distribution_id: str | None
    owner_id: str
    organization_id: str
    request_status: str = Field(description="Pending, Done, Generated or Cancelled")
    request_type: str = Field(description="Invite, Reminder, ThankYou or GeneratedInvite")
    send_date: str
    created_date: str
    modified_date: str
    custom_headers: dict[str, str]
    headers: HeadersElement
    recipients: RecipientsElement
    message: MessageElement
    survey_link: SurveyLinkElement
    embedded_data: None
    stats: StatsElement


def own_distributions(organization: Organization) -> QuerySet[Distribution]:
    """Those that there are for a caller: what was deleted is not."""
    return Distribution.objects.filter(organization=organization, deleted_at=None)


def render_distributions(
    rows: Sequence[Distribution], organization: Organization, now: datetime
) -> list[dict[str, Any]]:
    """Elements of rows of `with_details`."""
    troubles = count_delivery_failures([row.pk for row in rows])
    return [_element(row, organization, troubles.get(row.pk, NO_DELIVERY_FAILURES), now).rendered() for row in rows]


def with_details(rows: QuerySet[Distribution]) -> QuerySet[Distribution]:
    """What an element tells beside the row: its first step, and whom its audience is."""
    first = Step.objects.filter(position=0).select_related("provider_account")
    alone = Case(When(expansion__contact_ids__len=1, then=F("expansion__contact_ids__0")))
    return rows.annotate(
        contact_id=alone, is_generated=Case(When(GENERATED, then=True), default=False)
    ).prefetch_related(Prefetch("steps", first, to_attr="first_steps"))


def _element(row: Any, organization: Organization, troubles: DeliveryFailures, now: datetime) -> DistributionElement:
    [step] = row.first_steps
    owner = public_id(Kind.LIBRARY, organization.pk)
    is_sent = not row.is_generated
    return DistributionElement(
        id=public_id(Kind.DISTRIBUTION, row.pk),
        parent_distribution_id=None,
        owner_id=owner,
        organization_id=organization.slug,
        request_status=_status(row, now),
        request_type="Invite" if is_sent else "GeneratedInvite",
        send_date=moment(row.scheduled_at or row.created_at),
        created_date=moment(row.created_at),
        modified_date=moment(max(filter(None, (row.created_at, row.paused_at, row.cancelled_at)))),
        custom_headers={},
        headers=headers_of(step) if is_sent else _NO_HEADERS,
        recipients=RecipientsElement(
            mailing_list_id=id_or_none(Kind.MAILING_LIST, row.mailing_list_id),
            contact_id=id_or_none(Kind.CONTACT, row.contact_id),
            library_id=owner if row.mailing_list_id else None,
            sample_id=None,
        ),
        message=MessageElement(
            library_id=owner if is_sent else None,
            message_id=public_id(Kind.MESSAGE, step.template_id) if is_sent else None,
            message_text=None,
        ),
        survey_link=SurveyLinkElement(
            survey_id=public_id(Kind.SURVEY, row.survey_id),
            expiration_date=moment_or_none(row.expires_at),
            link_type=LINK_TYPE_NAMES[LinkType(row.link_type)],
        ),
        embedded_data=None,
        stats=StatsElement(
            sent=row.reached_count,
            failed=row.failed_count,
            started=row.responded_count,
            bounced=troubles.bounced,
            opened=row.opened_count,
            skipped=row.skipped_count,
            finished=row.responded_count,
            complaints=troubles.complained,
            blocked=troubles.dropped,
        ),
    )


def _status(row: Any, now: datetime) -> str:
    status = row.status_at(now)
    if row.cancelled_at is not None:
        return "Cancelled"
    if not status.is_final:
        return "Pending"
    return "Generated" if row.is_generated else "Done"


def headers_of(step: Step) -> HeadersElement:
    """The sender of a step whose account is loaded with it."""
    account = step.provider_account
    return HeadersElement(
        from_email=step.from_email or account.from_email or None,
        reply_to_email=step.reply_to_email or account.reply_to_email or None,
        from_name=step.from_name or account.from_name or None,
        subject=step.subject or None,
    )


_NO_HEADERS: Final = HeadersElement(from_email=None, reply_to_email=None, from_name=None, subject=None)


def id_or_none(kind: Kind, key: UUID | None) -> str | None:
    return None if key is None else public_id(kind, key)


def moment(at: datetime) -> str:
    """`2019-11-25T01:18:51Z`, in whole seconds, as published clients read it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_or_none(at: datetime | None) -> str | None:
    return None if at is None else moment(at)


def epoch_milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000)
