"""Contacts whose fields have the given values, joined by “and” and “or”.

Rare values are read along an index: keys along their own, names along the one of parts of names. What no index serves,
and what very many contacts have, is looked for among the newest contacts, a bounded number of rows per page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from contacts.models import Contact
from distributor.engine.queries.page import Found, Window, read_by_id
from distributor.engine.search.by_index import TooCommonError, pattern_of, read_by_index

# Of a value that more contacts have, a page finds enough among the rows that it may read.
MOST_BY_INDEX: Final = 10_000
# The organisation must not be a condition that an index can be read by: see engine/search/people.py.
_NAMED: Final = """
SELECT id FROM contacts_contact
WHERE (first_name || ' ' || last_name || ' ' || email) ILIKE %(part)s AND upper({column}) = upper(%(value)s)
    AND (organization_id = %(organization_id)s) IS TRUE
LIMIT %(limit)s
"""


class SearchedField(StrEnum):
    """A column of contacts that can be searched."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    LOCALE = "locale"


_NAMES: Final = (SearchedField.FIRST_NAME, SearchedField.LAST_NAME)


@dataclass(frozen=True, slots=True)
class FieldIs:
    """The field has this value, in any letter case; an external id exactly. Blank finds nobody.

    E-mail addresses and phone numbers are spelled as contacts have them.
    """

    field: SearchedField
    value: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """All conditions hold. There is at least one."""

    conditions: Sequence["Condition"]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the conditions holds. There is at least one."""

    conditions: Sequence["Condition"]


Condition: TypeAlias = FieldIs | AllOf | AnyOf


def search_contacts(organization_id: UUID, window: Window, condition: Condition) -> Found[Contact]:
    """Return a page of the organisation's contacts that meet a condition, by id. Erased contacts are never found."""
    contacts = Contact.objects.filter(organization_id=organization_id, erased_at=None)
    ids = _find_by_index(organization_id, condition)
    if ids is None:
        return read_by_id(contacts, window, _matches(condition))
    return read_by_id(contacts.filter(_matches(condition), pk__in=ids), window)


def _matches(condition: Condition) -> Q:
    if isinstance(condition, FieldIs):
        if not _can_be_found(condition.value):
            return Q(pk=None)
        lookup = "" if condition.field is SearchedField.EXTERNAL_ID else "__iexact"
        return Q(**{f"{condition.field.value}{lookup}": condition.value})
    matches = Q()
    for part in condition.conditions:
        matches = matches & _matches(part) if isinstance(condition, AllOf) else matches | _matches(part)
    return matches


def _find_by_index(organization_id: UUID, condition: Condition) -> set[UUID] | None:
    """Return the contacts that may meet a condition; None if no index tells of them, or of too many."""
    if isinstance(condition, FieldIs):
        return _find_having(organization_id, condition)
    found = set()
    # Keys first: of several values that must all be there, one is enough to find who may have them.
    for part in sorted(condition.conditions, key=_is_vague):
        ids = _find_by_index(organization_id, part)
        if isinstance(condition, AllOf) and ids is not None:
            return ids
        if isinstance(condition, AnyOf):
            if ids is None:
                return None
            found |= ids
    return found if isinstance(condition, AnyOf) and len(found) <= MOST_BY_INDEX else None


def _is_vague(condition: Condition) -> bool:
    return not isinstance(condition, FieldIs) or condition.field in (*_NAMES, SearchedField.LOCALE)


def _find_having(organization_id: UUID, condition: FieldIs) -> set[UUID] | None:
    field, value = condition.field, condition.value
    if not _can_be_found(value):
        return set()
    if field is SearchedField.LOCALE:
        return None
    if field in _NAMES:
        return _find_named(organization_id, field, value)
    contacts: QuerySet[Contact] = Contact.objects.filter(organization_id=organization_id)
    if field is SearchedField.EMAIL:
        contacts = contacts.alias(lower=Lower("email")).filter(lower=value.lower()).exclude(email="")
    elif field is SearchedField.PHONE:
        contacts = contacts.filter(phone=value).exclude(phone="")
    else:
        contacts = contacts.filter(external_id=value)
    ids = set(contacts.values_list("pk", flat=True)[: MOST_BY_INDEX + 1])
    return ids if len(ids) <= MOST_BY_INDEX else None


def _find_named(organization_id: UUID, field: SearchedField, value: str) -> set[UUID] | None:
    part = pattern_of(value)
    if not part:
        return None
    parameters = {"part": part, "value": value, "organization_id": organization_id, "limit": MOST_BY_INDEX + 1}
    try:
        ids = {contact_id for (contact_id,) in read_by_index(_NAMED.format(column=field.value), parameters)}
    except TooCommonError:
        return None
    return ids if len(ids) <= MOST_BY_INDEX else None


def _can_be_found(value: str) -> bool:
    # PostgreSQL stores no NUL.
    return value != "" and "\0" not in value
