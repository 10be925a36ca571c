"""Between the single-send dialect's words and the one meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings

from contacts.contact_fields import ContactFields
from distributor.api.dialects.single_send.wire import TEXT_LENGTHS, SingleSend, SingleSendRecipient
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.acceptance.write import NewRecipient
from distributor.rules.requests import DistributionRequest, LinkType, RecipientOptions, StepRequest
from distributor.rules.wording import NO_WORDING, Wording

SOURCE = "single_send"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the body leaves to the organisation: its survey by id, with the defaults of survey and channel."""

    survey_id: UUID
    locale: str
    account_id: UUID
    template_id: UUID


def each_once(recipients: Sequence[SingleSendRecipient]) -> Sequence[SingleSendRecipient]:
    """Recipients of one address as one, where it was named first."""
    merged: dict[str, SingleSendRecipient] = {}
    for recipient in recipients:
        address = recipient.get("email", "") or recipient.get("phone_number", "") or ""
        key = address.lower()
        merged[key] = _merge(merged[key], recipient) if key in merged else recipient
    return list(merged.values())


def to_request(
    wire: SingleSend, recipients: Sequence[SingleSendRecipient], setting: Setting, now: datetime
) -> DistributionRequest:
    """What the body asks for. What has expired already is registered: nothing is sent, and its links say so."""
    has_expired = wire.expires_at is not None and wire.expires_at <= now
    return DistributionRequest(
        source=SOURCE,
        survey_id=setting.survey_id,
        contacts=[_to_contact(recipient) for recipient in recipients],
        steps=[StepRequest(wire.channel, setting.account_id, setting.template_id)],
        scheduled_at=wire.scheduled_at if wire.send else None,
        expires_at=wire.expires_at,
        options=[_to_options(recipient, setting.locale) for recipient in recipients],
        link_type=LinkType(wire.type),
        is_sent=wire.send and not has_expired,
    )


def to_answer(wire: SingleSend, recipients: Sequence[SingleSendRecipient], accepted: Accepted) -> dict[str, Any]:
    """The published answer, and `skipped` where somebody was."""
    said: dict[UUID, SingleSendRecipient] = {}
    for contact, recipient in zip(accepted.resolved_contacts, recipients, strict=True):
        said[contact.id] = _merge(said[contact.id], recipient) if contact.id in said else recipient
    answer: dict[str, Any] = {"items": [_to_item(wire, said[one.contact.id], one) for one in accepted.recipients]}
    if accepted.skipped:
        answer["skipped"] = [
            {
                **_addresses(said[one.contact.id]),
                "reason": one.refusal.reason.value,
                "detail": dict(one.refusal.detail),
            }
            for one in accepted.skipped
        ]
    return answer


def _to_item(wire: SingleSend, said: SingleSendRecipient, enrolled: NewRecipient) -> dict[str, Any]:
    return {
        **_addresses(said),
        "name": said.get("name") or None,
        "channel": wire.channel,
        "locale": enrolled.options.locale,
        "link": f"{settings.PUBLIC_BASE_URL}/p/{enrolled.code}",
        "scheduled_at": _moment(wire.scheduled_at) if wire.send else None,
        "expires_at": _moment(wire.expires_at),
        "type": wire.type,
        "attributes": said.get("attributes") or {},
    }


def _to_contact(recipient: SingleSendRecipient) -> ContactFields:
    """The full name is cut at its first space; the two parts together are it again."""
    first_name, _, last_name = " ".join((recipient.get("name") or "").split()).partition(" ")
    return {
        "email": recipient.get("email"),
        "phone": recipient.get("phone_number"),
        "first_name": first_name,
        "last_name": last_name,
    }


def _to_options(recipient: SingleSendRecipient, locale: str) -> RecipientOptions:
    given = recipient.get("attributes") or {}
    return RecipientOptions(
        last_sent_at=recipient.get("last_sent_at"),
        locale=recipient.get("locale") or locale,
        attributes={key: value for key, value in given.items() if key not in TEXT_LENGTHS},
        wording=_to_wording(given) if TEXT_LENGTHS.keys() & given.keys() else NO_WORDING,
    )


def _to_wording(attributes: dict[str, Any]) -> Wording:
    return Wording(
        subject=attributes.get("email_subject") or "",
        intro=attributes.get("intro_message") or "",
        thank_you_message=attributes.get("thank_you_message") or "",
        thank_you_link_text=attributes.get("thank_you_link_text") or "",
        thank_you_link_url=attributes.get("thank_you_link_url") or "",
    )


def _addresses(recipient: SingleSendRecipient) -> dict[str, Any]:
    """Of the two those that were given."""
    given = {"email": recipient.get("email"), "phone_number": recipient.get("phone_number")}
    return {name: address for name, address in given.items() if address}


def _merge(earlier: SingleSendRecipient, later: SingleSendRecipient) -> SingleSendRecipient:
    """Of what both say the later counts; attributes are merged key by key."""
    said = {**earlier, **{name: value for name, value in later.items() if value}}
    said["attributes"] = {**(earlier.get("attributes") or {}), **(later.get("attributes") or {})}
    return cast(SingleSendRecipient, said)


def _moment(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with the six digits of the published answer."""
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
