"""Find which of the given people are contacts already, by the keys that identify them, in one query."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from django.db import connection

from contacts.contact_fields import ContactFields

# The same keys in the same order as identity resolution (contacts/identity.py).
_KNOWN = """
SELECT CASE
    WHEN external_id <> '' THEN (
        SELECT c.id FROM contacts_contact c
        WHERE c.organization_id = %(organization_id)s AND c.external_id = given.external_id
    )
    WHEN email <> '' THEN (
        SELECT c.id FROM contacts_contact c
        WHERE c.organization_id = %(organization_id)s AND lower(c.email) = lower(given.email) AND c.email <> ''
        ORDER BY c.external_id IS NOT NULL, c.id LIMIT 1
    )
    ELSE (
        SELECT c.id FROM contacts_contact c
        WHERE c.organization_id = %(organization_id)s AND c.phone = given.phone AND c.phone <> ''
        ORDER BY c.external_id IS NOT NULL OR c.email <> '', c.id LIMIT 1
    )
END
FROM json_to_recordset(%(given)s) AS given(position int, external_id text, email text, phone text) ORDER BY position
"""


def find_known(organization_id: UUID, people: Sequence[ContactFields]) -> list[UUID | None]:
    """Return the id of each person's contact, in the same order; None if there is none."""
    given = [
        {"position": position, **{name: person.get(name) or "" for name in ("external_id", "email", "phone")}}
        for position, person in enumerate(people)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"organization_id": organization_id, "given": orjson.dumps(given).decode()})
        return [contact_id for (contact_id,) in cursor]


def key_of(person: ContactFields) -> tuple[str, str]:
    """Return the kind and the value of the key that identifies a person."""
    if external_id := person.get("external_id"):
        return "external_id", external_id
    if email := person.get("email"):
        return "email", email.lower()
    return "phone", person.get("phone") or ""
