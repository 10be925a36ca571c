"""Find which of the given people are already on the list, in one or two queries, however long the list is."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.db import connection

from contacts.contact_fields import ContactFields
from distributor.engine.infrastructure.sql_params import rows_of
from distributor.rules.duplicates import USER_FIELDS, Duplication, MemberMatch

# The key of each field in ContactFields, which is also its column in contacts_contact.
_COLUMNS: Mapping[str, str] = {
    "tel": "phone",
    "email": "email",
    "firstname": "first_name",
    "lastname": "last_name",
    "title": "title",
}
# Letter case is folded for all of Unicode, whatever the database's collation is. E-mail addresses are ASCII, and
# lower(email) has an index.
_FOLDED = "lower(btrim({value}, E' \\t\\r\\n') COLLATE pg_c_utf8)"
# Fields with an index, and the index's expression.
_INDEXED = {"tel": "c.phone", "email": "lower(c.email)"}

_MATCH = """
WITH given AS (
    SELECT position, {keys} FROM json_to_recordset(%(people)s) AS given(position int, {columns})
),
wanted AS (SELECT DISTINCT {names} FROM given),
found AS (
    SELECT {names}, array_agg(DISTINCT {date}) AS dates
    FROM wanted
    JOIN contacts_contact c ON {condition}
    JOIN contacts_membership m ON m.contact_id = c.id AND m.mailing_list_id = %(list_id)s
    WHERE c.organization_id = %(organization_id)s AND c.erased_at IS NULL
    GROUP BY {names}
)
SELECT position, to_json(ARRAY[{names}])::text, coalesce(dates, '{{}}') FROM given LEFT JOIN found USING ({names})
"""


def find_member_matches(
    organization_id: UUID, list_id: UUID, people: Sequence[ContactFields], duplication: Duplication
) -> list[MemberMatch]:
    """Return each person's match, in the same order. Letter case and surrounding blanks do not count."""
    indexed_field = next((field for field in _INDEXED if field in duplication.fields), None)
    rows = [
        {"position": position, **{field: value_of(person, field) for field in duplication.fields}}
        for position, person in enumerate(people)
    ]
    # The indexes hold no blank addresses. People without one are compared with all members.
    rows_by_index = [row for row in rows if indexed_field and row[indexed_field]]
    other_rows = [row for row in rows if not (indexed_field and row[indexed_field])]
    matches: dict[int, tuple[str, list[str]]] = {}
    if rows_by_index:
        matches.update(_find_matches(organization_id, list_id, rows_by_index, duplication, indexed_field))
    if other_rows:
        matches.update(_find_matches(organization_id, list_id, other_rows, duplication, None))
    date_field = duplication.date_field
    return [
        MemberMatch(
            key=matches[position][0] if any(rows[position][field] for field in duplication.fields) else None,
            date=value_of(person, date_field) if date_field else "",
            dates_of_members=matches[position][1],
        )
        for position, person in enumerate(people)
    ]


def value_of(person: ContactFields, field: str) -> str:
    """Return a field of the given person, "" if it is absent."""
    embedded_data: Mapping[str, Any] = person.get("embedded_data") or {}
    value: Any = embedded_data.get(data_key(field)) if field in USER_FIELDS else person.get(_COLUMNS[field])
    return str(value or "").strip()


def with_value(person: ContactFields, field: str, value: str) -> ContactFields:
    """Return the same person with another value in a field."""
    if field in USER_FIELDS:
        return {**person, "embedded_data": {**(person.get("embedded_data") or {}), data_key(field): value}}
    return cast(ContactFields, {**person, _COLUMNS[field]: value})


def data_key(field: str) -> str:
    """Return the field's key in a contact's embedded data: `user3` → `User3`."""
    return field.capitalize()


def _find_matches(
    organization_id: UUID,
    list_id: UUID,
    rows: Sequence[Mapping[str, Any]],
    duplication: Duplication,
    indexed_field: str | None,
) -> dict[int, tuple[str, list[str]]]:
    """Return, by position, each person's key and the dates of the members with an equal key.

    The query is put together from constants of this module only.
    """
    fields = duplication.fields
    conditions = [f"{_folded(field, _column(field))} = k_{field}" for field in fields if field != indexed_field]
    if indexed_field:
        conditions.append(f"{_INDEXED[indexed_field]} = k_{indexed_field} AND NOT ({_column(indexed_field)} = '')")
    statement = _MATCH.format(
        keys=", ".join(f"{_folded(field, f'given.{field}')} AS k_{field}" for field in fields),
        columns=", ".join(f"{field} text" for field in fields),
        names=", ".join(f"k_{field}" for field in fields),
        date=_column(duplication.date_field) if duplication.date_field else "''::text",
        condition=" AND ".join(conditions),
    )
    parameters: dict[str, str | UUID] = {
        "people": rows_of(rows),
        "list_id": list_id,
        "organization_id": organization_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {position: (key, dates) for position, key, dates in cursor}


def _column(field: str) -> str:
    if field in USER_FIELDS:
        return f"coalesce(c.embedded_data ->> '{data_key(field)}', '')"
    return f"c.{_COLUMNS[field]}"


def _folded(field: str, value: str) -> str:
    if field == "tel":
        return value
    return f"lower({value})" if field == "email" else _FOLDED.format(value=value)
