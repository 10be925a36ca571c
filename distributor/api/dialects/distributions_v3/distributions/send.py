"""Between this dialect's calls that send and the one meaning."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings

from contacts.channel import Channel
from contacts.identity import UnknownContactsError
from contacts.models import ApiKey, Organization
from distributor.api.dialects.distributions_v3 import faults
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    HeaderBody,
    LinksBody,
    SendBody,
    SentResult,
    SmsBody,
)
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.acceptance.defaults import NoDefaultChannelError, default_step, find_defaults
from distributor.engine.acceptance.dry_run import DryRun, dry_run_selection
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.expand import accept_selection
from distributor.models import Recipient
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import DistributionRequest, LinkType, Selection, StepRequest

SOURCE: Final = "distributions_v3"
LINK_TYPES: Final = {
    "Individual": LinkType.ONE_TIME,
    "Multiple": LinkType.MULTIPLE,
    "Anonymous": LinkType.ANONYMOUS,
}
Found = Mapping[str, UUID]


def send_email(key: ApiKey, wire: SendBody, found: Found, now: datetime) -> SentResult | DryRun:
    """Raises Problems."""
    survey_id = found["/surveyLink/surveyId"]
    request = DistributionRequest(
        source=SOURCE,
        survey_id=survey_id,
        contacts=(),
        steps=[message_step(key.organization, Channel.EMAIL, survey_id, found["/message/messageId"], wire.header)],
        scheduled_at=wire.send_date,
        expires_at=wire.survey_link.expiration_date,
        link_type=LINK_TYPES[wire.survey_link.type],
    )
    return _make(key, request, found, "/recipients", now, is_dry_run=wire.dry_run)


def send_sms(key: ApiKey, wire: SmsBody, found: Found, now: datetime) -> SentResult | DryRun:
    """An invitation. Raises Problems."""
    survey_id = found["/surveyId"]
    request = DistributionRequest(
        source=SOURCE,
        survey_id=survey_id,
        contacts=(),
        steps=[message_step(key.organization, Channel.SMS, survey_id, found["/message/messageId"])],
        name=wire.name or "",
        scheduled_at=wire.send_date,
        expires_at=wire.expiration_date,
        link_type=LINK_TYPES[wire.survey_link_type],
    )
    return _make(key, request, found, "/recipients", now, is_dry_run=wire.dry_run)


def make_links(key: ApiKey, wire: LinksBody, found: Found, now: datetime) -> SentResult | DryRun:
    """Nothing is sent. Raises Problems."""
    try:
        step = default_step(key.organization)
    except NoDefaultChannelError:
        raise faults.no_channel() from None
    request = DistributionRequest(
        source=SOURCE,
        survey_id=found["/surveyId"],
        contacts=(),
        steps=[step],
        name=wire.description or "",
        expires_at=wire.expiration_date,
        link_type=LINK_TYPES[wire.link_type],
        is_sent=False,
    )
    return _make(key, request, found, "/recipients" if wire.recipients else "", now, is_dry_run=wire.dry_run)


def message_step(
    organization: Organization,
    channel: Channel,
    survey_id: UUID | None,
    template_id: UUID,
    header: HeaderBody | None = None,
    *,
    kind: StepKind = StepKind.INVITATION,
    scheduled_at: datetime | None = None,
) -> StepRequest:
    """A message by the channel's default account; `scheduled_at` is a follow-up's. Raises a 409 Problem without one."""
    account_id = find_defaults(organization, survey_id, channel).provider_account_id
    if account_id is None:
        raise faults.no_account(channel.value)
    said = header or HeaderBody()
    return StepRequest(
        channel.value,
        account_id,
        template_id,
        from_email=said.from_email or "",
        from_name=said.from_name or "",
        reply_to_email=said.reply_to_email or "",
        subject=said.subject or "",
        kind=kind,
        scheduled_at=scheduled_at,
    )


def _make(
    key: ApiKey, request: DistributionRequest, found: Found, place: str, now: datetime, *, is_dry_run: bool
) -> SentResult | DryRun:
    contact_id = found.get(f"{place}/contactId")
    selection = Selection(
        list_id=found.get(f"{place}/mailingListId"), contact_ids=[contact_id] if contact_id is not None else ()
    )
    try:
        if is_dry_run:
            return dry_run_selection(key.organization, request, selection, now)
        distribution = accept_selection(key.organization, key, request, selection, now)
    except UnknownReferencesError as refusal:
        raise faults.explain_references(refusal) from None
    except UnknownContactsError:
        raise faults.contact_not_on_list(f"{place}/contactId") from None
    made = public_id(Kind.DISTRIBUTION, distribution.pk)
    if contact_id is None:
        return SentResult(id=made)
    codes = Recipient.objects.filter(distribution=distribution, contact_id=contact_id).values_list("code", flat=True)
    return SentResult(id=made, link=next(map(link_to, codes), None))


def link_to(code: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}/p/{code}"
