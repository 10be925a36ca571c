"""`distributor find`: people, recipients, distributions and everything else that has a name or an id."""

from typing import Any

import click

from contacts.addresses import strip_unseen
from distributor.command_line.faults import FAILED, BadUseError
from distributor.command_line.operator import Desk, operator_command
from distributor.control_room.search.public_ids import read_keys
from distributor.engine.search.by_index import TooCommonError
from distributor.engine.search.others import Scope, contact_id_of, find_others
from distributor.engine.search.people import PersonFound, Terms, find_people


@click.command(short_help="Find people and everything that has a name or an id.")
@click.argument("text")
@operator_command
def find(desk: Desk, text: str) -> int:
    """Find people, recipients, distributions, surveys, templates, lists and accounts.

    TEXT is a part of a name or e-mail address, a number in any spelling, a link or its code, the id of an attempt at a
    provider, or an id of any API. Exit code 1 if nothing is found.
    """
    wanted = strip_unseen(text.replace("\0", "")).strip()[:200]
    if not wanted:
        raise BadUseError("TEXT is empty.")
    organization = desk.organization
    scope = Scope([organization.pk], lambda permission: [organization.pk], read_keys)
    try:
        people = find_people([organization], Terms(wanted, contact_id_of(wanted, scope)))
        others = [(kind.model._meta.verbose_name, found) for kind, found in find_others(scope, wanted)]
    except TooCommonError:
        raise BadUseError(f"“{text}” is in too many names or addresses. Enter more of it.") from None
    rows = [(str(kind), each.row.pk, str(each.row), each.detail) for kind, found in others for each in found]
    desk.output.document(
        {
            "people": [_person(person) for person in people],
            "others": [dict(zip(("kind", "id", "title", "detail"), row, strict=True)) for row in rows],
        }
    )
    if not people and not rows:
        desk.output.say("Nothing found. Numbers, codes and ids have to be complete.")
        return FAILED
    columns = ("contact", "name", "e-mail", "phone", "external id", "newest distribution", "")
    desk.output.table(columns, [_row(person) for person in people])
    desk.output.table(("kind", "id", "", ""), rows)
    return 0


def _row(person: PersonFound) -> list[Any]:
    story = (
        " ".join(filter(None, [person.outcome or person.state, (person.reason or "").replace("_", " ")]))
        or "never sent to"
    )
    named = [person.contact_id, person.full_name, person.email, person.phone, person.external_id]
    return [*named, person.distribution or "", story]


def _person(person: PersonFound) -> dict[str, Any]:
    return {
        "contactId": person.contact_id,
        "name": person.full_name,
        "email": person.email,
        "phone": person.phone,
        "externalId": person.external_id,
        "newest": {
            "recipientId": person.recipient_id,
            "distribution": person.distribution,
            "state": person.outcome or person.state,
            "reason": person.reason,
        }
        if person.recipient_id
        else None,
    }
