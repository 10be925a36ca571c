"""People of a file, or of addresses on the command line, as the control room reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contacts.contact_fields import ContactFields
from distributor.command_line.faults import BadUseError
from distributor.control_room.sends.people_text import MAX_BYTES, People, read_people
from distributor.control_room.sends.uploads import decode_text

SHOWN_FAULTS: Final = 100


def read_file(path: Path) -> bytes:
    """Return a file's content. Raises BadUseError if it cannot be read or is too long."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadUseError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_BYTES:
        raise BadUseError(f"{path} is too long: at most 2 MB.")
    return content


def people_of_file(path: Path, content: bytes, region: str) -> list[ContactFields]:
    """Return the people of a CSV or XLSX file. Raises BadUseError with every faulty line."""
    text, fault = decode_text(content)
    if fault:
        raise BadUseError(f"{path}: {fault}")
    return _without_faults(read_people(text, region), f"{path}: ")


def people_of_addresses(addresses: Sequence[str], region: str) -> list[ContactFields]:
    """Return the people that e-mail addresses and phone numbers are of. Raises BadUseError with every fault."""
    people = read_people("\n".join(" ".join(address.split()) for address in addresses), region)
    for fault in people.faults:
        people.text_faults.append(
            f"--contact {addresses[fault.line - 1]}: not an e-mail address and not a phone number."
        )
    people.faults.clear()
    return _without_faults(people, "")


def _without_faults(people: People, where: str) -> list[ContactFields]:
    if people.has_faults:
        texts = [*people.text_faults, *(str(fault) for fault in people.faults[:SHOWN_FAULTS])]
        if len(people.faults) > SHOWN_FAULTS:
            texts.append(f"And {len(people.faults) - SHOWN_FAULTS} faults more.")
        raise BadUseError(*(f"{where}{text}" for text in texts))
    return people.contacts
