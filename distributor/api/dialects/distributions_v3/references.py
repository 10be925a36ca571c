"""From the ids of a call to rows of the caller's organisation."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import KeyRange, Kind, public_id, read_id
from distributor.api.problems import Fault, not_found

ModelT = TypeVar("ModelT", bound=Model)

_SELECTS: Final[Mapping[Kind, str]] = {
    Kind.SURVEY: "SELECT 'SV', id FROM distributor_survey WHERE organization_id = %s AND id BETWEEN %s AND %s",
    Kind.MAILING_LIST: "SELECT 'CG', id FROM contacts_mailinglist WHERE organization_id = %s AND id BETWEEN %s AND %s",
    Kind.CONTACT: "SELECT 'CID', id FROM contacts_contact "
    "WHERE organization_id = %s AND id BETWEEN %s AND %s AND erased_at IS NULL",
    Kind.MESSAGE: "SELECT 'MS', id FROM channels_template WHERE organization_id = %s AND id BETWEEN %s AND %s",
    Kind.DISTRIBUTION: "SELECT 'EMD', id FROM distributor_distribution "
    "WHERE organization_id = %s AND id BETWEEN %s AND %s AND deleted_at IS NULL",
}
_WHAT: Final[Mapping[Kind, str]] = {
    Kind.SURVEY: "survey",
    Kind.MAILING_LIST: "mailing list",
    Kind.CONTACT: "contact",
    Kind.MESSAGE: "message",
    Kind.LIBRARY: "library",
    Kind.DIRECTORY: "directory",
    Kind.DISTRIBUTION: "distribution",
}


class Named(NamedTuple):
    """A thing that a call names: what it is, the keys that it may be, and where it is named (a pointer)."""

    kind: Kind
    keys: KeyRange
    pointer: str


def named_in(given: Any, places: Mapping[str, Kind]) -> list[Named]:
    """What a body names at these places, as far as it can be read."""
    named = []
    for pointer, kind in places.items():
        text = given
        for part in pointer[1:].split("/"):
            text = text.get(part) if isinstance(text, dict) else None
        if isinstance(text, str) and (keys := read_id(kind, text)) is not None:
            named.append(Named(kind, keys, pointer))
    return named


def find_named(organization: Organization, named: Sequence[Named]) -> dict[str, UUID]:
    """The keys of what is named and there, by the places where it is named, in one statement."""
    # An organisation is its own one library.
    found = {
        one.pointer: organization.pk for one in named if one.kind is Kind.LIBRARY and one.keys.holds(organization.pk)
    }
    if stored := [one for one in named if one.kind in _SELECTS]:
        parameters = [value for one in stored for value in (organization.pk, *one.keys)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(_SELECTS[one.kind] for one in stored), parameters)
            rows = [(Kind(kind), key) for kind, key in cursor]
        found |= {one.pointer: key for one in stored for kind, key in rows if kind is one.kind and one.keys.holds(key)}
    return found


def missing_faults(named: Sequence[Named], found: Container[str]) -> list[Fault]:
    return [missing_fault(one) for one in named if one.pointer not in found]


def missing_fault(one: Named) -> Fault:
    what = _WHAT[one.kind]
    return Fault(one.pointer, f"{what.replace(' ', '_')}_not_found", f"There is no such {what}.")


def find_one(rows: QuerySet[ModelT], kind: Kind, text: str) -> ModelT:
    """The row of an id as it stands in a path. Raises a 404 Problem, for other organisations' rows too."""
    keys = read_id(kind, text)
    found = rows.filter(pk__range=keys).first() if keys else None
    if found is None:
        raise not_found(_WHAT[kind])
    return found


def require_own(organization: Organization, kind: Kind, text: str) -> None:
    """Whether a path's library or directory is the organisation. Raises a 404 Problem."""
    if text != public_id(kind, organization.pk):
        raise not_found(_WHAT[kind])
