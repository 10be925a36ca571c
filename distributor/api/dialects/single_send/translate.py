"""Translate between the single-send body and the engine's requests and results."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings

from contacts.contact_fields import ContactFields
from distributor.api.dialects.single_send.wire import TEXT_LENGTHS, SingleSend, SingleSendRecipient
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.acceptance.references import References
from distributor.engine.acceptance.rows import NewRecipient
from distributor.rules.requests import DistributionRequest, LinkType, RecipientOptions, StepRequest
from distributor.rules.wording import NO_WORDING, Wording

SOURCE = "single_send"


@dataclass(frozen=True, slots=True)
class SendDefaults:
    """The survey, and the defaults of survey and channel that the body does not name."""

    survey_id: UUID
    locale: str
    account_id: UUID
    template_id: UUID
    references: References


def merge_same_addresses(recipients: Sequence[SingleSendRecipient]) -> Sequence[SingleSendRecipient]:
    """Merge recipients with the same address into the first of them."""
    merged: dict[str, SingleSendRecipient] = {}
    for recipient in recipients:
        address = recipient.get("email", "") or recipient.get("phone_number", "") or ""
        key = address.lower()
        merged[key] = _merge(merged[key], recipient) if key in merged else recipient
    return list(merged.values())


def to_request(
    body: SingleSend, recipients: Sequence[SingleSendRecipient], defaults: SendDefaults, now: datetime
) -> DistributionRequest:
    """Translate the body. A send that has expired already gets links, which are closed, and sends nothing."""
    has_expired = body.expires_at is not None and body.expires_at <= now
    return DistributionRequest(
        source=SOURCE,
        survey_id=defaults.survey_id,
        contacts=[_to_contact(recipient) for recipient in recipients],
        steps=[StepRequest(body.channel, defaults.account_id, defaults.template_id)],
        scheduled_at=body.scheduled_at if body.send else None,
        expires_at=body.expires_at,
        options=[_to_options(recipient, defaults.locale) for recipient in recipients],
        link_type=LinkType(body.type),
        is_sent=body.send and not has_expired,
    )


def to_answer(body: SingleSend, recipients: Sequence[SingleSendRecipient], accepted: Accepted) -> dict[str, Any]:
    """Return the published answer, and `skipped` if there are skipped recipients."""
    recipients_by_contact: dict[UUID, SingleSendRecipient] = {}
    for contact, recipient in zip(accepted.resolved_contacts, recipients, strict=True):
        earlier = recipients_by_contact.get(contact.id)
        recipients_by_contact[contact.id] = recipient if earlier is None else _merge(earlier, recipient)
    answer: dict[str, Any] = {
        "items": [
            _to_item(body, recipients_by_contact[new_recipient.contact.id], new_recipient)
            for new_recipient in accepted.recipients
        ]
    }
    if accepted.skipped:
        answer["skipped"] = [
            {
                **_addresses(recipients_by_contact[skipped.contact.id]),
                "reason": skipped.refusal.reason.value,
                "detail": dict(skipped.refusal.detail),
            }
            for skipped in accepted.skipped
        ]
    return answer


def _to_item(body: SingleSend, recipient: SingleSendRecipient, new_recipient: NewRecipient) -> dict[str, Any]:
    return {
        **_addresses(recipient),
        "name": recipient.get("name") or None,
        "channel": body.channel,
        "locale": new_recipient.options.locale,
        "link": f"{settings.PUBLIC_BASE_URL}/p/{new_recipient.code}",
        "scheduled_at": _format_time(body.scheduled_at) if body.send else None,
        "expires_at": _format_time(body.expires_at),
        "type": body.type,
        "attributes": recipient.get("attributes") or {},
    }


def _to_contact(recipient: SingleSendRecipient) -> ContactFields:
    """The full name is split at its first space into first and last name."""
    first_name, _, last_name = " ".join((recipient.get("name") or "").split()).partition(" ")
    return {
        "email": recipient.get("email"),
        "phone": recipient.get("phone_number"),
        "first_name": first_name,
        "last_name": last_name,
    }


def _to_options(recipient: SingleSendRecipient, locale: str) -> RecipientOptions:
    attributes = recipient.get("attributes") or {}
    return RecipientOptions(
        last_sent_at=recipient.get("last_sent_at"),
        locale=recipient.get("locale") or locale,
        attributes={key: value for key, value in attributes.items() if key not in TEXT_LENGTHS},
        wording=_to_wording(attributes) if TEXT_LENGTHS.keys() & attributes.keys() else NO_WORDING,
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
    addresses = {"email": recipient.get("email"), "phone_number": recipient.get("phone_number")}
    return {field: address for field, address in addresses.items() if address}


def _merge(earlier: SingleSendRecipient, later: SingleSendRecipient) -> SingleSendRecipient:
    """Merge two recipients, attributes key by key. Where both have a value, the later one wins."""
    merged = {**earlier, **{field: value for field, value in later.items() if value}}
    merged["attributes"] = {**(earlier.get("attributes") or {}), **(later.get("attributes") or {})}
    return cast(SingleSendRecipient, merged)


def _format_time(time: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with microseconds, as published."""
    return None if time is None else time.isoformat(timespec="microseconds").replace("+00:00", "Z")
