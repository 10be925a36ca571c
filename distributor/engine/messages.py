"""From a recipient to the message it is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from channels.providers.base import Message
from contacts.channel import Channel
from distributor.engine.routes import Route
from distributor.rules.wording import Wording

_FIELDS = {
    "externalId": "external_id",
    "email": "email",
    "phone": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "name": "full_name",
    "title": "title",
}
_ATTEMPT_ID = re.compile(r"([0-9a-f]{1,16})-([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient that is about to be sent to, with what is known of its contact."""

    recipient_id: int
    code: str
    locale: str
    attempt_count: int
    first_sent_at: datetime | None
    first_opened_at: datetime | None
    responded_at: datetime | None
    id: UUID  # the contact's
    external_id: str | None
    email: str
    phone: str
    first_name: str
    last_name: str
    title: str
    contact_locale: str
    opted_out_at: datetime | None
    time_zone: str
    baseline_sent_at: datetime | None  # what its call gave as the last send of this survey
    wording: Wording
    attributes: Mapping[str, Any]
    embedded_data: Mapping[str, Any]

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def attempt_id(recipient_id: int, number: int) -> str:
    """The id that travels to the provider and comes back in its events: opaque, and no row is needed to make it."""
    return f"{recipient_id:x}-{number}"


def read_attempt_id(text: str) -> tuple[int, int] | None:
    """The recipient and the number of the try, as attempt_id() wrote them; None for anything else."""
    written = _ATTEMPT_ID.fullmatch(text)
    if written is None:
        return None
    recipient_id, number = int(written[1], 16), int(written[2])
    return (recipient_id, number) if recipient_id < 2**63 and number < 2**15 else None


def write_message(route: Route, person: Person, further_keys: frozenset[str] = frozenset()) -> Message:
    """The message for one person, to be worded when the provider reads it.

    `further_keys` are those that the provider fills into texts of its own (Provider.value_keys).
    """
    variant = route.variant_for(person.locale, person.contact_locale)
    unsubscribe_url = f"{route.public_base_url}/u/{person.code}"
    values = {
        "survey:name": route.distribution.survey.name,
        "link": f"{route.public_base_url}/p/{person.code}",
        "unsubscribe": unsubscribe_url,
        "intro": person.wording.intro,
    }
    for key in variant.keys | further_keys if further_keys else variant.keys:
        if key.startswith("contact:"):
            values[key] = _about(person, key.removeprefix("contact:"))
    return Message(
        attempt_id=attempt_id(person.recipient_id, person.attempt_count + 1),
        group_id=str(route.distribution.id),
        to=person.email if route.step.channel == Channel.EMAIL else person.phone,
        to_name=person.full_name,
        sender=route.sender,
        variant=variant,
        values=values,
        unsubscribe_url=unsubscribe_url,
        own_subject=person.wording.subject,
    )


def _about(person: Person, key: str) -> str:
    """What is known under a key: what this call said first, then what earlier ones did, then the contact's fields."""
    for data in (person.attributes, person.embedded_data):
        value = data.get(key)
        if value is not None:
            return value if isinstance(value, str) else _as_text(value)
    field = _FIELDS.get(key)
    return (getattr(person, field) or "") if field else ""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_as_text(item) for item in value)
    return str(value)
