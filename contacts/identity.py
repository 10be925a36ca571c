"""Identity resolution: finds or creates the contacts of the people in a call, in one statement per kind of key.

A person is identified by id, else external id, else e-mail, else phone. Given values replace stored ones, values that
are not given stay, and embedded data is merged key by key. If a person occurs twice in a call under the same kind of
key, later values win. Under different kinds, values given with the phone win, then the e-mail, then the external id.

Rows are locked in the order of their keys, so that simultaneous calls for the same people wait for each other instead
of deadlocking (unsorted there were 2–3 deadlocks per test run).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction

from contacts.contact_fields import MAX_DATA_KEYS, ContactFields
from contacts.identity_statements import BY_EMAIL, BY_EXTERNAL_ID, BY_ID, BY_PHONE, TAKEN_EMAILS, TAKEN_PHONES


class Identified(NamedTuple):
    """A contact after resolution.

    `suppressions` are what suppresses its addresses, a channel and a reason each, on the channels that were asked for.
    None: they are not known, and are looked for elsewhere.
    """

    id: UUID
    external_id: str | None
    email: str
    phone: str
    opted_out_at: datetime | None
    time_zone: str
    suppressions: Sequence[Sequence[str]] | None = None


class UnknownContactsError(Exception):
    """The organisation has no contacts with these ids. Nothing was written."""

    def __init__(self, ids: frozenset[UUID]) -> None:
        super().__init__(f"{len(ids)} unknown contacts")
        self.ids = ids


class EmailsTakenError(Exception):
    """Contacts known only by e-mail were given the address of another such contact. Nothing was written.

    `ids` are the ids of those contacts. Two contacts are never merged without being asked.
    """

    def __init__(self, ids: frozenset[UUID]) -> None:
        super().__init__(f"the e-mail addresses of {len(ids)} contacts are taken")
        self.ids = ids


class PhonesTakenError(Exception):
    """Contacts known only by phone were given the number of another such contact. Nothing was written."""

    def __init__(self, ids: frozenset[UUID]) -> None:
        super().__init__(f"the phone numbers of {len(ids)} contacts are taken")
        self.ids = ids


class TooManyDataKeysError(Exception):
    """Contacts would have too many keys of embedded data after merging. The caller's transaction must be rolled back.

    `keys` identify them: ids, external ids, e-mail addresses or phone numbers.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"{len(keys)} contacts would have more than {MAX_DATA_KEYS} keys")
        self.keys = keys


def resolve_contacts(
    organization_id: UUID, given: Sequence[ContactFields], now: datetime, channels: Sequence[str] = ()
) -> list[Identified]:
    """Return the contact of each given person, in the same order. A person given twice gives the same contact twice.

    `channels` are those on which suppressions are looked for. Runs inside the caller's transaction. Raises
    UnknownContactsError for ids that the organisation does not have, EmailsTakenError, and PhonesTakenError if no
    e-mail address was taken, and TooManyDataKeysError.
    """
    parameters = {"organization_id": organization_id, "now": now, "channels": list(channels)}
    by_id: dict[str, ContactFields] = {}
    by_external_id: dict[str, ContactFields] = {}
    by_email: dict[str, ContactFields] = {}
    by_phone: dict[str, ContactFields] = {}
    places: list[tuple[dict[str, Identified], str]] = []
    ids: dict[str, Identified] = {}
    external_ids: dict[str, Identified] = {}
    emails: dict[str, Identified] = {}
    phones: dict[str, Identified] = {}
    for person in given:
        if contact_id := person.get("contact_id"):
            people, found, key = by_id, ids, str(contact_id)
        elif external_id := person.get("external_id"):
            people, found, key = by_external_id, external_ids, external_id
        elif email := person.get("email"):
            people, found, key = by_email, emails, email.lower()
        else:
            people, found, key = by_phone, phones, cast(str, person["phone"])
        people[key] = _merge(people[key], person) if key in people else person
        places.append((found, key))
    if by_id:
        ids.update(_update_by_id(by_id, parameters))
    if unknown := by_id.keys() - ids.keys():
        raise UnknownContactsError(frozenset(UUID(key) for key in unknown))
    if by_external_id:
        external_ids.update(_run(BY_EXTERNAL_ID, by_external_id, parameters))
    if by_email:
        emails.update(_run(BY_EMAIL, by_email, parameters))
    if by_phone:
        phones.update(_run(BY_PHONE, by_phone, parameters))
    kinds = (ids, external_ids, emails, phones)
    if sum(map(bool, kinds)) == 1:
        return [found[key] for found, key in places]
    # A person may occur under two kinds of keys: return the contact as the last statement wrote it.
    latest = {contact.id: contact for found in kinds for contact in found.values()}
    return [latest[found[key].id] for found, key in places]


def _merge(earlier: ContactFields, later: ContactFields) -> ContactFields:
    """Merge two occurrences of a person under the same key: later values win."""
    merged = {**earlier, **{name: value for name, value in later.items() if value}}
    merged["embedded_data"] = {**(earlier.get("embedded_data") or {}), **(later.get("embedded_data") or {})}
    return cast(ContactFields, merged)


def _update_by_id(people: Mapping[str, ContactFields], parameters: Mapping[str, Any]) -> dict[str, Identified]:
    # Only a new address can violate a constraint; otherwise a savepoint would cost two round trips for nothing.
    if not any(person.get("email") or person.get("phone") for person in people.values()):
        return _run(BY_ID, people, parameters)
    try:
        with transaction.atomic():
            return _run(BY_ID, people, parameters)
    except IntegrityError:
        for query, refusal in ((TAKEN_EMAILS, EmailsTakenError), (TAKEN_PHONES, PhonesTakenError)):
            if taken := frozenset(contact_id for (contact_id,) in _query(query, people, parameters)):
                raise refusal(taken) from None
        raise  # the address was taken when the statement ran, but no longer is


def _run(statement: str, people: Mapping[str, ContactFields], parameters: Mapping[str, Any]) -> dict[str, Identified]:
    rows = _query(statement, people, parameters)
    # A contact that had more keys before there was a limit may still be sent to.
    if over := [row[0] for row in rows if row[-1] and people[row[0]].get("embedded_data")]:
        raise TooManyDataKeysError(sorted(over))
    return {key: Identified(*row) for key, *row, _is_over in rows}


def _query(statement: str, people: Mapping[str, ContactFields], parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    given = orjson.dumps([people[key] for key in sorted(people)]).decode()
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, "given": given})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
