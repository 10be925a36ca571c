"""`distributor contacts show`: a person with addresses, suppressions, consent and journeys."""

from typing import Any

import click
from django.utils import timezone

from contacts.models import ConsentEvent, Contact, Suppression
from distributor.command_line.faults import BadUseError
from distributor.command_line.operator import Desk, in_zone_of, operator_command
from distributor.control_room.search.public_ids import read_keys
from distributor.engine.reports.journeys import JourneySummary, read_journeys
from distributor.engine.search.by_index import TooCommonError
from distributor.engine.search.others import Scope, contact_id_of
from distributor.engine.search.people import Terms, find_people


@click.group
def contacts() -> None:
    """Show people."""


@contacts.command(short_help="Show a person: may we write, and what came of it.")
@click.argument("contact")
@operator_command
def show(desk: Desk, contact: str) -> None:
    """Show a CONTACT (id, external id, e-mail address, number or name): may we write, and what came of it."""
    person = find_contact(desk, contact)
    with in_zone_of(desk):
        journeys = read_journeys(person.pk)
        closed = list(Suppression.objects.filter(organization=desk.organization, address__in=_addresses(person)))
        consent = list(ConsentEvent.objects.filter(contact_id=person.pk).order_by("-pk")[:25])
        desk.output.document(_document(person, journeys, closed, consent))
        _show(desk, person, journeys, closed, consent)


def find_contact(desk: Desk, text: str) -> Contact:
    """Find the one contact that a text may mean. Raises BadUseError."""
    organization = desk.organization
    scope = Scope([organization.pk], lambda permission: [organization.pk], read_keys)
    try:
        people = find_people([organization], Terms(text, contact_id_of(text, scope)))
    except TooCommonError:
        raise BadUseError(f"“{text}” is in too many names or addresses. Enter more of it.") from None
    if not people:
        raise BadUseError(f"There is no contact “{text}”.")
    if len(people) > 1:
        shown = ", ".join(f"{person.contact_id} ({person.title})" for person in people[:10])
        raise BadUseError(f"Several contacts match “{text}”. Use an id: {shown}.")
    return Contact.objects.get(pk=people[0].contact_id)


def _addresses(person: Contact) -> list[str]:
    """Return the person's addresses as suppressions spell them."""
    return [address for address in (person.email.lower(), person.phone) if address]


def _show(
    desk: Desk,
    person: Contact,
    journeys: list[JourneySummary],
    closed: list[Suppression],
    consent: list[ConsentEvent],
) -> None:
    output = desk.output
    output.say(f"{person.full_name or person}  {person.pk}", "bold")
    known = {"external id": person.external_id, "e-mail": person.email, "phone": person.phone, "locale": person.locale}
    facts = [(name, value) for name, value in (*known.items(), *sorted(person.embedded_data.items())) if value]
    output.table(("", ""), facts)
    if person.opted_out_at:
        output.say(f"Opted out of all surveys at {_minute(person.opted_out_at)}.", "yellow")
    elif not closed:
        output.say("No address is closed.")
    for each in closed:
        output.say(f"Closed: {each.channel} {each.address}: {each.reason}, at {_minute(each.created_at)}.", "yellow")
    if consent:
        output.say("\nSaid about being written to:", "bold")
        rows = [
            (_minute(each.said_at), each.what, each.channel, each.closes or "lifts", each.source) for each in consent
        ]
        output.table(("at", "what", "channel", "closes", "reported by"), rows)
    if journeys:
        output.say("\nDistributions:", "bold")
        story = [
            (_minute(each.at), str(each.distribution.name or each.distribution.survey), each.state, each.explanation)
            for each in journeys
        ]
        output.table(("at", "distribution", "state", "why"), story)
    else:
        output.say("Never sent to.")


def _document(
    person: Contact, journeys: list[JourneySummary], closed: list[Suppression], consent: list[ConsentEvent]
) -> dict[str, Any]:
    return {
        "id": person.pk,
        "externalId": person.external_id,
        "email": person.email,
        "phone": person.phone,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "locale": person.locale,
        "timeZone": person.time_zone,
        "embeddedData": person.embedded_data,
        "optedOutAt": person.opted_out_at,
        "suppressions": [
            {"channel": each.channel, "address": each.address, "reason": each.reason, "createdAt": each.created_at}
            for each in closed
        ],
        "consent": [
            {"saidAt": each.said_at, "what": each.what, "channel": each.channel, "source": each.source}
            for each in consent
        ],
        "journeys": [
            {
                "distributionId": each.distribution.pk,
                "recipientId": each.recipient_id,
                "at": each.at,
                "state": each.state,
                "text": each.explanation,
                "respondedAt": each.responded_at,
            }
            for each in journeys
        ],
    }


def _minute(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
