"""The values that fill the placeholders of a message, for dispatch and for the dry run alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from channels.placeholders import CONTACT_FIELDS, CONTACT_PREFIX
from channels.providers.base import Message, Provider
from contacts.addresses import strip_unseen
from contacts.models import Contact

# A call's introduction may be left out.
_OPTIONAL: Final = "intro"
_NOTHING: Final[Mapping[str, Any]] = {}


class Reader(Protocol):
    """A contact with the attributes of its send. `external_id` … `title` are those of CONTACT_FIELDS."""

    @property
    def attributes(self) -> Mapping[str, Any]: ...
    @property
    def embedded_data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class ContactReader:
    """A contact itself as a reader, with the attributes that a call gives for it."""

    contact: Contact
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.contact, name)

    @property
    def embedded_data(self) -> Mapping[str, Any]:
        embedded_data: Mapping[str, Any] = self.contact.embedded_data
        return embedded_data


class _ContactKey(NamedTuple):
    """A key such as `contact:firstName`, its name `firstName`, and the attribute of a contact that has its value."""

    key: str
    name: str
    attribute: str | None


def contact_values(reader: Reader, keys: frozenset[str], shared: Mapping[str, Any] = _NOTHING) -> dict[str, str]:
    """Return the values of those keys that are about the contact, such as `contact:firstName`.

    `shared` is the distribution's data.
    """
    own, stored = reader.attributes, reader.embedded_data
    if stored is own:  # mostly a contact is what the call has said of it (journey/people.py)
        stored = _NOTHING
    sources = [data for data in (own, shared, stored) if data]
    return {key: _contact_value(reader, sources, name, attribute) for key, name, attribute in _contact_keys(keys)}


@lru_cache(maxsize=1_000)  # all messages of a batch have the same ones
def _contact_keys(keys: frozenset[str]) -> tuple[_ContactKey, ...]:
    names = [(key, key.removeprefix(CONTACT_PREFIX)) for key in keys if key.startswith(CONTACT_PREFIX)]
    return tuple(_ContactKey(key, name, CONTACT_FIELDS.get(name)) for key, name in names)


def missing_values(provider: Provider, message: Message) -> list[str]:
    """Return the keys, in order, that leave a gap in the message as this provider sends it."""
    return [key for key in provider.missing_keys(message) if key != _OPTIONAL]


def as_text(value: Any) -> str:
    """Return a JSON value as people read it: a list as its items, null and objects as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_text, value)))
    if value is None or isinstance(value, dict):
        return ""
    return str(value)


def _contact_value(reader: Reader, sources: Sequence[Mapping[str, Any]], name: str, attribute: str | None) -> str:
    """Return a value: the recipient's, else the distribution's, else of the contact's data, else of its fields.

    It is "" if it only has blanks and invisible characters: then the placeholder's default counts.
    """
    for data in sources:
        value = data.get(name)
        if value is not None:
            text = value if isinstance(value, str) else as_text(value)
            break
    else:
        text = getattr(reader, attribute) or "" if attribute else ""
    return text if text[:1].isalnum() or strip_unseen(text) else ""  # almost every text begins with a letter or digit
