"""What a no does in the simulated world: whose journeys end, and which addresses are closed.

A second implementation of rules/consent.py and engine/consent, in the words of docs/operations.md.
"""

from collections.abc import Iterable
from datetime import datetime

from channels.events import EventKind
from tests.simulation.world import Person, Tenant

PHONES = ("sms", "whatsapp")
# The signals that providers report, and the reason that each closes addresses for.
REPORTED = {EventKind.COMPLAINED: "complaint", EventKind.UNSUBSCRIBED: "unsubscribe", EventKind.STOPPED: "stop"}


def hear(tenant: Tenant, people: Iterable[Person], reason: str, now: datetime, at: tuple[str, str] = ("", "")) -> None:
    """End the people's journeys and close what their no closes. `at` is the channel and address that was written to.

    STOP is about everybody who has the number; everything else is about the people given.
    """
    people = set(people)
    channel, address = at
    if address:
        _close(tenant, channel, address, reason)
    if reason == "stop":
        people.update(tenant.holders(address))
    reach = {"stop": tenant.stop_closes, "complaint": tenant.complaint_closes}.get(reason, "everything")
    for person in people:
        for journey in person.journeys:
            journey.no_at = now
        if reach == "everything":
            person.is_opted_out = person.was_opted_out = True
            for own_channel, own_address in person.addresses.items():
                _close(tenant, own_channel, own_address, reason)


def _close(tenant: Tenant, channel: str, address: str, reason: str) -> None:
    """Close an address. A phone number is one wish for SMS and WhatsApp."""
    for each in PHONES if channel in PHONES else (channel,):
        tenant.close(each, address, reason)


def forget(person: Person, now: datetime) -> None:
    """Erase a person: nothing is sent to them, and an unsubscribe link closes the addresses that they had."""
    for journey in person.journeys:
        journey.no_at = now
    person.former, person.addresses, person.is_erased = dict(person.addresses), {}, True


def unsubscribe_by_link(person: Person, now: datetime) -> None:
    hear(person.tenant, [person], "unsubscribe", now)
    for channel, address in person.former.items():
        person.tenant.close(channel, address, "unsubscribe")
