"""Translate bodies that send or make links into requests of the engine, and hand them over."""

from datetime import datetime
from typing import Final

from django.conf import settings

from contacts.channel import Channel
from contacts.identity import UnknownContactsError
from contacts.models import ApiKey
from distributor.api.dialects.distributions_v3 import faults
from distributor.api.dialects.distributions_v3.distributions.bodies import (
    LinksBody,
    OpenLinkResult,
    SendBody,
    SentResult,
    SmsBody,
)
from distributor.api.dialects.distributions_v3.distributions.message_step import Keys, message_step
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.acceptance.defaults import NoDefaultChannelError, default_step
from distributor.engine.acceptance.dry_run import DryRun, dry_run_selection
from distributor.engine.acceptance.key_kinds import request_of_key
from distributor.engine.acceptance.open_link import make_open_link
from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.audience.expand import accept_selection
from distributor.models import Recipient
from distributor.rules.requests import DistributionRequest, LinkType, Selection

SOURCE: Final = "distributions_v3"
LINK_TYPES: Final = {
    "Individual": LinkType.ONE_TIME,
    "Multiple": LinkType.MULTIPLE,
    "Anonymous": LinkType.ANONYMOUS,
}


def send_email(key: ApiKey, body: SendBody, keys: Keys, now: datetime) -> SentResult | DryRun:
    """Send by e-mail, or forecast it. Raises Problems."""
    survey_id = keys["/surveyLink/surveyId"]
    request = DistributionRequest(
        source=SOURCE,
        survey_id=survey_id,
        contacts=(),
        steps=[message_step(key.organization, Channel.EMAIL, survey_id, body.message, keys, body.header)],
        scheduled_at=body.send_date,
        expires_at=body.survey_link.expiration_date,
        link_type=LINK_TYPES[body.survey_link.type],
        attributes=body.embedded_data or {},
    )
    return _accept(key, request, keys, "/recipients", now, is_dry_run=body.dry_run)


def send_sms(key: ApiKey, body: SmsBody, keys: Keys, now: datetime) -> SentResult | DryRun:
    """Send an invitation by SMS, or forecast it. Raises Problems."""
    survey_id = keys["/surveyId"]
    request = DistributionRequest(
        source=SOURCE,
        survey_id=survey_id,
        contacts=(),
        steps=[message_step(key.organization, Channel.SMS, survey_id, body.message, keys)],
        name=body.name or "",
        scheduled_at=body.send_date,
        expires_at=body.expiration_date,
        link_type=LINK_TYPES[body.survey_link_type],
        attributes=body.embedded_data or {},
    )
    return _accept(key, request, keys, "/recipients", now, is_dry_run=body.dry_run)


def make_links(key: ApiKey, body: LinksBody, keys: Keys, now: datetime) -> SentResult | DryRun:
    """Make links without sending, or forecast it. Raises Problems."""
    try:
        step = default_step(key.organization)
    except NoDefaultChannelError:
        raise faults.no_channel() from None
    request = DistributionRequest(
        source=SOURCE,
        survey_id=keys["/surveyId"],
        contacts=(),
        steps=[step],
        name=body.description or "",
        expires_at=body.expiration_date,
        link_type=LINK_TYPES[body.link_type],
        attributes=body.embedded_data or {},
        is_sent=False,
    )
    if body.is_for_nobody:
        return _make_open_link(key, request, now)
    return _accept(key, request, keys, "/recipients" if body.recipients else "", now, is_dry_run=body.dry_run)


def _make_open_link(key: ApiKey, request: DistributionRequest, now: datetime) -> SentResult:
    try:
        link = make_open_link(key.organization, key, request, now)
    except UnknownReferencesError as refusal:
        raise faults.explain_references(refusal) from None
    distribution_id = public_id(Kind.DISTRIBUTION, link.distribution_id)
    return SentResult(id=distribution_id, survey_link=OpenLinkResult(url=link_url(link.code)))


def link_url(code: str) -> str:
    return f"{settings.PUBLIC_BASE_URL}/p/{code}"


def _accept(
    key: ApiKey, request: DistributionRequest, keys: Keys, pointer: str, now: datetime, *, is_dry_run: bool
) -> SentResult | DryRun:
    """Accept the request for the mailing list and contact whose ids are below `pointer`."""
    contact_id = keys.get(f"{pointer}/contactId")
    selection = Selection(
        list_id=keys.get(f"{pointer}/mailingListId"), contact_ids=[contact_id] if contact_id is not None else ()
    )
    try:
        if is_dry_run:
            return dry_run_selection(key.organization, request_of_key(request, key), selection, now)
        distribution = accept_selection(key.organization, key, request, selection, now)
    except UnknownReferencesError as refusal:
        raise faults.explain_references(refusal) from None
    except UnknownContactsError:
        raise faults.contact_not_on_list(f"{pointer}/contactId") from None
    distribution_id = public_id(Kind.DISTRIBUTION, distribution.pk)
    if contact_id is None:
        return SentResult(id=distribution_id)
    codes = Recipient.objects.filter(distribution=distribution, contact_id=contact_id).values_list("code", flat=True)
    return SentResult(id=distribution_id, link=next(map(link_url, codes), None))
