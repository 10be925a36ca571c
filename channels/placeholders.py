"""The placeholders of templates: one table, which rendering, previews, the control room and docs/templates.md read."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CONTACT_PREFIX: Final = "contact:"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What may stand in `${…}`.

    `field` is the attribute of the contact that has the value; "" for other values. `is_always_there`: a message never
    lacks it, so it needs no default. `sample` fills previews that have no contact.
    """

    key: str
    meaning: str | Promise
    sample: str
    field: str = ""
    is_always_there: bool = False

    @property
    def example(self) -> str:
        """How it is written, with a default if it may be empty."""
        return f"${{{self.key}}}" if self.is_always_there else f"${{{self.key}|…}}"


PLACEHOLDERS: Final = (
    Placeholder("link", _("The recipient's personal link to the survey."), "", is_always_there=True),
    Placeholder("unsubscribe", _("The page on which the recipient unsubscribes."), "", is_always_there=True),
    Placeholder("survey:name", _("The name of the survey."), "Your survey", is_always_there=True),
    Placeholder("intro", _("The introduction that a call gives for this message."), ""),
    Placeholder("contact:firstName", _("First name."), "Anna", "first_name"),
    Placeholder("contact:lastName", _("Last name."), "Nowak", "last_name"),
    Placeholder("contact:name", _("First and last name."), "Anna Nowak", "full_name"),
    Placeholder("contact:title", _("Title, such as Dr."), "Dr", "title"),
    Placeholder("contact:email", _("E-mail address."), "anna.nowak@example.com", "email"),
    Placeholder("contact:phone", _("Phone number in E.164."), "+48601234567", "phone"),
    Placeholder("contact:externalId", _("The contact's id in your own system."), "P-1001", "external_id"),
)
BY_KEY: Final = {placeholder.key: placeholder for placeholder in PLACEHOLDERS}
# Any further name after `contact:` is a key of the contact's embedded data, or of the call's attributes.
EMBEDDED: Final = Placeholder(
    "contact:ward", _("A value of your own, from the contact's embedded data or the call."), ""
)
# The attributes of a contact by the name after `contact:`.
CONTACT_FIELDS: Final = {
    placeholder.key.removeprefix(CONTACT_PREFIX): placeholder.field for placeholder in PLACEHOLDERS if placeholder.field
}
# The keys that are no values of a contact.
OTHER_KEYS: Final = tuple(placeholder.key for placeholder in PLACEHOLDERS if not placeholder.field)
