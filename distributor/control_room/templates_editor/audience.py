"""What a template lacks for the contacts of a list: values of placeholders, and their languages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from channels.locales import choose_locale
from channels.placeholders import CONTACT_PREFIX
from channels.rendering import CompiledVariant
from contacts.models import Contact, MailingList
from distributor.engine.route.message_values import ContactReader, contact_values

MOST_CONTACTS = 1_000


@dataclass(frozen=True, slots=True)
class Lacks:
    """How many of the first contacts of a list have no value for a placeholder, and how many read another language."""

    contacts: int
    is_part: bool  # the list has more contacts than were read
    values: Sequence[tuple[str, int]]
    languages: Sequence[tuple[str, int]]


def lacks_of(audience: MailingList, variant: CompiledVariant, locales: Sequence[str]) -> Lacks:
    """Read the first contacts of a list, and count what the variant and the template's locales lack for them."""
    members = Contact.objects.filter(memberships__mailing_list=audience).order_by("memberships__contact_id")
    contacts = list(members[: MOST_CONTACTS + 1])
    first = contacts[:MOST_CONTACTS]
    slots = {slot for text in (variant.subject, variant.html, variant.text) for slot in text.slots}
    keys = frozenset(key for key, default in slots if not default and key.startswith(CONTACT_PREFIX))
    values: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for contact in first:
        found = contact_values(ContactReader(contact), keys) if keys else {}
        values.update(key for key, value in found.items() if not value)
        if contact.locale and not is_covered(contact.locale, locales):
            languages[contact.locale] += 1
    return Lacks(len(first), len(contacts) > MOST_CONTACTS, values.most_common(), languages.most_common())


def is_covered(wanted: str, locales: Sequence[str]) -> bool:
    """Whether a reader of a language gets a text of that language, and not another one for want of it."""
    missing = "\0"  # no tag of a language: it is chosen only if nothing else fits
    return choose_locale(wanted, [missing, *locales], missing) != missing
