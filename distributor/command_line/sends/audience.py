"""The audience of a send: a file, a list, or people on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contacts.contact_fields import ContactFields
from distributor.command_line.faults import BadUseError
from distributor.command_line.lookups import find_list
from distributor.command_line.operator import Desk
from distributor.command_line.sends.people_file import people_of_addresses, people_of_file, read_file
from distributor.rules.requests import Selection


@dataclass(frozen=True, slots=True)
class Audience:
    """Contacts or a selection. `content` tells it from other audiences: a file's bytes, addresses or a list's id."""

    content: bytes
    contacts: Sequence[ContactFields] = ()
    selection: Selection | None = None


def read_audience(desk: Desk, file: Path | None, list_text: str | None, addresses: Sequence[str]) -> Audience:
    """Read the one audience that is given. Raises BadUseError."""
    if sum((file is not None, list_text is not None, bool(addresses))) != 1:
        raise BadUseError("Give one audience: a FILE, --list, or --contact as often as needed.")
    region = desk.organization.phone_region
    if file is not None:
        content = read_file(file)
        return Audience(content, people_of_file(file, content, region))
    if list_text is not None:
        mailing_list = find_list(desk, list_text)
        return Audience(mailing_list.pk.bytes, selection=Selection(list_id=mailing_list.pk))
    return Audience("\n".join(addresses).encode(), people_of_addresses(addresses, region))
