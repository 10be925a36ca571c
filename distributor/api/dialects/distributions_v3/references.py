"""Look up the ids of a call among the rows of the caller's organisation."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from contacts.models import Organization
from distributor.api.answers.problems import Fault, not_found
from distributor.api.dialects.distributions_v3.ids import KeyRange, Kind, public_id, read_id

ModelT = TypeVar("ModelT", bound=Model)

_SELECTS: Final[Mapping[Kind, str]] = {
    Kind.SURVEY: "SELECT 'SV', id FROM distributor_survey WHERE organization_id = %s AND id BETWEEN %s AND %s",
    Kind.MAILING_LIST: "SELECT 'CG', id FROM contacts_mailinglist WHERE organization_id = %s AND id BETWEEN %s AND %s",
    Kind.CONTACT: "SELECT 'CID', id FROM contacts_contact "
    "WHERE organization_id = %s AND id BETWEEN %s AND %s AND erased_at IS NULL",
    Kind.MESSAGE: "SELECT 'MS', id FROM channels_template "
    "WHERE organization_id = %s AND id BETWEEN %s AND %s AND text_key IS NULL",
    Kind.DISTRIBUTION: "SELECT 'EMD', id FROM distributor_distribution "
    "WHERE organization_id = %s AND id BETWEEN %s AND %s AND deleted_at IS NULL",
}
_NAMES: Final[Mapping[Kind, str]] = {
    Kind.SURVEY: "survey",
    Kind.MAILING_LIST: "mailing list",
    Kind.CONTACT: "contact",
    Kind.MESSAGE: "message",
    Kind.LIBRARY: "library",
    Kind.DIRECTORY: "directory",
    Kind.DISTRIBUTION: "distribution",
    Kind.RESPONSE: "response",
    Kind.IMPORT: "import",
}


class Reference(NamedTuple):
    """An id in a body: its kind, the keys that it may stand for, and its JSON pointer."""

    kind: Kind
    keys: KeyRange
    pointer: str


def read_references(data: Any, id_fields: Mapping[str, Kind]) -> list[Reference]:
    """Return the ids at these pointers, as far as the body can be read."""
    references = []
    for pointer, kind in id_fields.items():
        value = data
        for name in pointer[1:].split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str) and (keys := read_id(kind, value)) is not None:
            references.append(Reference(kind, keys, pointer))
    return references


def find_keys(organization: Organization, references: Sequence[Reference]) -> dict[str, UUID]:
    """Return the keys of the references that exist, by their pointers, in one query."""
    keys = {
        reference.pointer: organization.pk  # an organisation is its own one library and directory
        for reference in references
        if reference.kind in (Kind.LIBRARY, Kind.DIRECTORY) and reference.keys.contains(organization.pk)
    }
    if stored := [reference for reference in references if reference.kind in _SELECTS]:
        parameters = [value for reference in stored for value in (organization.pk, *reference.keys)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(_SELECTS[reference.kind] for reference in stored), parameters)
            rows = [(Kind(kind), key) for kind, key in cursor]
        keys |= {
            reference.pointer: key
            for reference in stored
            for kind, key in rows
            if kind is reference.kind and reference.keys.contains(key)
        }
    return keys


def missing_faults(references: Sequence[Reference], pointers: Container[str]) -> list[Fault]:
    """Return a fault for each reference that is not among the pointers."""
    return [_missing_fault(reference) for reference in references if reference.pointer not in pointers]


def _missing_fault(reference: Reference) -> Fault:
    name = _NAMES[reference.kind]
    return Fault(reference.pointer, f"{name.replace(' ', '_')}_not_found", f"There is no such {name}.")


def find_by_id(rows: QuerySet[ModelT], kind: Kind, text: str) -> ModelT:
    """Return the row of an id from a path. Raises a 404 Problem if it is not among `rows`."""
    keys = read_id(kind, text)
    row = rows.filter(pk__range=keys).first() if keys else None
    if row is None:
        raise not_found(_NAMES[kind])
    return row


def require_own(organization: Organization, kind: Kind, text: str) -> None:
    """Raise a 404 Problem unless the library or directory of a path is the organisation."""
    if text != public_id(kind, organization.pk):
        raise not_found(_NAMES[kind])
