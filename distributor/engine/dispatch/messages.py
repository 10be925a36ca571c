"""Write the message for one recipient of a step."""

from typing import Any

from channels.providers.base import Message
from contacts.addresses import strip_unseen
from contacts.channel import Channel
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.journey.people import Person
from distributor.engine.route.step_context import StepContext

_CONTACT_FIELDS = {
    "externalId": "external_id",
    "email": "email",
    "phone": "phone",
    "firstName": "first_name",
    "lastName": "last_name",
    "name": "full_name",
    "title": "title",
}


def write_message(context: StepContext, person: Person, further_keys: frozenset[str] = frozenset()) -> Message:
    """Return the message for one person. Its texts are filled in when the provider reads them.

    `further_keys` are the keys that the provider fills into its own texts (Provider.value_keys).
    """
    variant = context.variant_for(person.locale, person.contact_locale)
    unsubscribe_url = f"{context.public_base_url}/u/{person.code}"
    values = {
        "survey:name": context.distribution.survey.name,
        "link": f"{context.public_base_url}/p/{person.code}",
        "unsubscribe": unsubscribe_url,
        "intro": person.wording.intro,
    }
    for key in variant.keys | further_keys if further_keys else variant.keys:
        if key.startswith("contact:"):
            values[key] = _contact_value(person, key.removeprefix("contact:"))
    return Message(
        attempt_id=attempt_id(person.recipient_id, person.attempt_count + 1),
        group_id=str(context.distribution.id),
        to=person.email if context.step.channel == Channel.EMAIL else person.phone,
        to_name=person.full_name,
        sender=context.sender,
        variant=variant,
        values=values,
        unsubscribe_url=unsubscribe_url,
        installation_id=context.installation_id,
        own_subject=person.wording.subject,
    )


def _contact_value(person: Person, key: str) -> str:
    """Return the value of a key: from this call's attributes, else the contact's embedded data, else its fields."""
    for data in (person.attributes, person.embedded_data):
        value = data.get(key)
        if value is not None:
            return _unless_blank(value if isinstance(value, str) else as_text(value))
    field = _CONTACT_FIELDS.get(key)
    return _unless_blank(getattr(person, field) or "") if field else ""


def as_text(value: Any) -> str:
    """Return a JSON value as people read it: a list as its items, null and objects as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    if value is None or isinstance(value, dict):
        return ""
    return str(value)


def _unless_blank(text: str) -> str:
    """Return the text, or "" if it only has blanks and invisible characters: then the placeholder's default counts."""
    return text if strip_unseen(text) else ""
