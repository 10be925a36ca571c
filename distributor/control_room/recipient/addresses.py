"""The addresses of a contact, by channel, in the spelling of suppressions."""

from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.eligibility.facts import address_on


def open_addresses(contact: Contact) -> list[tuple[str, str]]:
    """Return channel and address of each address that the contact has."""
    found = ((channel.value, address_on(channel, contact.email, contact.phone)) for channel in Channel)
    return [(channel, address) for channel, address in found if address]
