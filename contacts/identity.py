"""Identity resolution: from what a call knows of people to contacts, made or merged, in one statement per kind of key.

The order is fixed: by id, else by external id, else by e-mail. What is given replaces, what is not given stays,
embedded data is merged key by key. The same person twice in a call: of values given by one kind of key the later win,
otherwise those that come with the e-mail, then those with the external id.

Rows are locked in the order of their keys, so that simultaneous calls for the same people wait for one another instead
of deadlocking (unsorted: 2–3 deadlocks a run).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction

from contacts.given import ContactGiven

# Both arms of each statement say it alike: what is given replaces, embedded data is merged.
_MERGE = """
    email = coalesce(nullif({given}.email, ''), c.email),
    phone = coalesce(nullif({given}.phone, ''), c.phone),
    first_name = coalesce(nullif({given}.first_name, ''), c.first_name),
    last_name = coalesce(nullif({given}.last_name, ''), c.last_name),
    embedded_data = c.embedded_data || {given}.embedded_data,
    updated_at = %(now)s
"""
_GIVEN = """
WITH given AS (
    SELECT contact_id AS id, external_id, coalesce(email, '') AS email, coalesce(phone, '') AS phone,
        coalesce(first_name, '') AS first_name, coalesce(last_name, '') AS last_name,
        coalesce(embedded_data, '{{}}') AS embedded_data, {key} AS key
    FROM json_to_recordset(%(given)s) AS given(
        contact_id uuid, external_id text, email text, phone text, first_name text, last_name text,
        embedded_data jsonb)
)
"""
_GIVEN_BY_ID = _GIVEN.format(key="contact_id::text")
_GIVEN_BY_EXTERNAL_ID = _GIVEN.format(key="external_id")
_GIVEN_BY_EMAIL = _GIVEN.format(key="lower(email)")
_COLUMNS = """
    id, organization_id, external_id, email, phone, first_name, last_name, title, locale, time_zone,
    embedded_data, created_at, updated_at
"""
# The key is made where it is needed: a thousand of them in Python are 2 to 8 ms, and half the contacts are known.
_VALUES = """
    uuidv7(), %(organization_id)s, external_id, email, phone, first_name, last_name, '', '', '',
    embedded_data, %(now)s, %(now)s
"""

_BY_ID = f"""{_GIVEN_BY_ID},
locked AS MATERIALIZED (
    SELECT c.id FROM contacts_contact c JOIN given USING (id)
    WHERE c.organization_id = %(organization_id)s AND c.erased_at IS NULL ORDER BY c.id FOR NO KEY UPDATE OF c
)
UPDATE contacts_contact c SET {_MERGE.format(given="given")}
FROM given JOIN locked USING (id) WHERE c.id = given.id
RETURNING given.key, c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone
"""

_BY_EXTERNAL_ID = f"""{_GIVEN_BY_EXTERNAL_ID}
INSERT INTO contacts_contact AS c ({_COLUMNS}) SELECT {_VALUES} FROM given
ON CONFLICT (organization_id, external_id) WHERE external_id IS NOT NULL DO UPDATE SET
    {_MERGE.format(given="excluded")}
RETURNING c.external_id, c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone
"""

# A family shares an address: the contact that is known by nothing else is meant first, then the oldest.
_BY_EMAIL = f"""{_GIVEN_BY_EMAIL},
found AS MATERIALIZED (
    SELECT given.key, (
        SELECT c.id FROM contacts_contact c
        WHERE c.organization_id = %(organization_id)s AND lower(c.email) = given.key AND c.email <> ''
        ORDER BY c.external_id IS NOT NULL, c.id LIMIT 1
    ) AS found_id FROM given
),
locked AS MATERIALIZED (
    SELECT c.id FROM contacts_contact c JOIN found ON found_id = c.id ORDER BY found.key FOR NO KEY UPDATE OF c
),
updated AS (
    UPDATE contacts_contact c SET {_MERGE.format(given="given")}
    FROM given JOIN found USING (key) JOIN locked ON locked.id = found_id WHERE c.id = found_id
    RETURNING given.key, c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone
),
inserted AS (
    INSERT INTO contacts_contact AS c ({_COLUMNS})
    SELECT {_VALUES} FROM given JOIN found USING (key) WHERE found_id IS NULL ORDER BY key
    ON CONFLICT (organization_id, lower(email)) WHERE external_id IS NULL AND NOT (email = '') DO UPDATE SET
        {_MERGE.format(given="excluded")}
    RETURNING lower(c.email), c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone
)
SELECT * FROM updated UNION ALL SELECT * FROM inserted
"""

# Asked only after PostgreSQL has refused _BY_ID. Two contacts of one call may also want the same address.
_TAKEN_EMAILS = f"""{_GIVEN_BY_ID},
named AS (
    SELECT c.id, lower(given.email) AS email, count(*) OVER (PARTITION BY lower(given.email)) AS wanted_by
    FROM contacts_contact c JOIN given USING (id)
    WHERE c.organization_id = %(organization_id)s AND c.external_id IS NULL AND given.email <> ''
)
SELECT named.id FROM named WHERE wanted_by > 1 OR EXISTS (
    SELECT FROM contacts_contact c
    WHERE c.organization_id = %(organization_id)s AND lower(c.email) = named.email AND c.email <> ''
        AND c.external_id IS NULL AND c.id <> named.id
)
"""


class Identified(NamedTuple):
    """A contact after resolution."""

    id: UUID
    external_id: str | None
    email: str
    phone: str
    opted_out_at: datetime | None
    time_zone: str


class UnknownContacts(Exception):
    """Ids that name no contact of the organisation; nothing was written."""

    def __init__(self, ids: frozenset[UUID]) -> None:
        super().__init__(f"{len(ids)} unknown contacts")
        self.ids = ids


class EmailsTaken(Exception):
    """Ids of contacts known by nothing but their e-mail that were given the e-mail of another one; nothing was written.

    Two people are never made one behind the caller's back.
    """

    def __init__(self, ids: frozenset[UUID]) -> None:
        super().__init__(f"the e-mail addresses of {len(ids)} contacts are taken")
        self.ids = ids


def resolve_contacts(organization_id: UUID, given: Sequence[ContactGiven], now: datetime) -> list[Identified]:
    """Each given person's contact, in the same order; the same person twice gives the same contact twice.

    Runs inside the caller's transaction. Raises UnknownContacts for ids that the organisation does not have, and
    EmailsTaken.
    """
    by_id: dict[str, ContactGiven] = {}
    by_external_id: dict[str, ContactGiven] = {}
    by_email: dict[str, ContactGiven] = {}
    places: list[tuple[dict[str, Identified], str]] = []
    ids: dict[str, Identified] = {}
    external_ids: dict[str, Identified] = {}
    emails: dict[str, Identified] = {}
    for person in given:
        if contact_id := person.get("contact_id"):
            people, found, key = by_id, ids, str(contact_id)
        elif external_id := person.get("external_id"):
            people, found, key = by_external_id, external_ids, external_id
        else:
            people, found, key = by_email, emails, cast(str, person["email"]).lower()
        people[key] = _merge(people[key], person) if key in people else person
        places.append((found, key))
    if by_id:
        ids.update(_update_by_id(organization_id, by_id, now))
    if unknown := by_id.keys() - ids.keys():
        raise UnknownContacts(frozenset(UUID(key) for key in unknown))
    if by_external_id:
        external_ids.update(_run(_BY_EXTERNAL_ID, organization_id, by_external_id, now))
    if by_email:
        emails.update(_run(_BY_EMAIL, organization_id, by_email, now))
    if bool(ids) + bool(external_ids) + bool(emails) == 1:
        return [found[key] for found, key in places]
    # Who was given by two kinds of keys is as the last statement left it.
    latest = {one.id: one for found in (ids, external_ids, emails) for one in found.values()}
    return [latest[found[key].id] for found, key in places]


def _merge(earlier: ContactGiven, later: ContactGiven) -> ContactGiven:
    """The same person twice under one key: of what both say, the later counts."""
    said = {**earlier, **{name: value for name, value in later.items() if value}}
    said["embedded_data"] = {**(earlier.get("embedded_data") or {}), **(later.get("embedded_data") or {})}
    return cast(ContactGiven, said)


def _update_by_id(organization_id: UUID, people: Mapping[str, ContactGiven], now: datetime) -> dict[str, Identified]:
    # Only a new e-mail can be refused; without one the savepoint would be two round trips for nothing.
    if not any(person.get("email") for person in people.values()):
        return _run(_BY_ID, organization_id, people, now)
    try:
        with transaction.atomic():
            return _run(_BY_ID, organization_id, people, now)
    except IntegrityError:
        taken = frozenset(contact_id for (contact_id,) in _ask(_TAKEN_EMAILS, organization_id, people, now))
        if not taken:  # it was, a moment ago
            raise
        raise EmailsTaken(taken) from None


def _run(
    statement: str, organization_id: UUID, people: Mapping[str, ContactGiven], now: datetime
) -> dict[str, Identified]:
    return {key: Identified(*row) for key, *row in _ask(statement, organization_id, people, now)}


def _ask(
    statement: str, organization_id: UUID, people: Mapping[str, ContactGiven], now: datetime
) -> list[tuple[Any, ...]]:
    given = orjson.dumps([people[key] for key in sorted(people)]).decode()
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organization_id": organization_id, "given": given, "now": now})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
