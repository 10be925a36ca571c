"""Find which of the given people are already on the list, in one or two queries, however long the list is."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.db import connection

from contacts.contact_fields import ContactFields
from distributor.engine.infrastructure.sql_params import rows_of
from distributor.rules.duplicates import ContactField, DataField, Duplication, MemberMatch

# Letter case is folded for all of Unicode, whatever the database's collation is. E-mail addresses are ASCII, and
# lower(email) has an index.
_FOLDED = "lower(btrim({value}, E' \\t\\r\\n') COLLATE pg_c_utf8)"
# Fields with an index, and the index's expression.
_INDEXED: Mapping[ContactField, str] = {"phone": "c.phone", "email": "lower(c.email)"}

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
    fields, date_field = duplication.fields, duplication.date_field
    indexed_field = next((field for field in _INDEXED if field in fields), None)
    values = [[value_of(person, field) for field in fields] for person in people]
    rows = [
        {"position": position, **{f"value_{number}": value for number, value in enumerate(own_values)}}
        for position, own_values in enumerate(values)
    ]
    # The indexes hold no blank addresses. People without one are compared with all members.
    indexed_value = f"value_{fields.index(indexed_field)}" if indexed_field else ""
    rows_by_index = [row for row in rows if indexed_field and row[indexed_value]]
    other_rows = [row for row in rows if not (indexed_field and row[indexed_value])]
    matches: dict[int, tuple[str, list[str]]] = {}
    if rows_by_index:
        matches.update(_find_matches(organization_id, list_id, rows_by_index, duplication, indexed_field))
    if other_rows:
        matches.update(_find_matches(organization_id, list_id, other_rows, duplication, None))
    return [
        MemberMatch(
            key=matches[position][0] if any(values[position]) else None,
            date=value_of(person, date_field) if date_field else "",
            dates_of_members=matches[position][1],
        )
        for position, person in enumerate(people)
    ]


def value_of(person: ContactFields, field: ContactField) -> str:
    """Return a field of the given person, "" if it is absent."""
    if isinstance(field, DataField):
        return str((person.get("embedded_data") or {}).get(field.key) or "").strip()
    return str(person.get(field) or "").strip()


def with_value(person: ContactFields, field: ContactField, value: str) -> ContactFields:
    """Return the same person with another value in a field."""
    if isinstance(field, DataField):
        return {**person, "embedded_data": {**(person.get("embedded_data") or {}), field.key: value}}
    return cast(ContactFields, {**person, field: value})


def _find_matches(
    organization_id: UUID,
    list_id: UUID,
    rows: Sequence[Mapping[str, Any]],
    duplication: Duplication,
    indexed_field: ContactField | None,
) -> dict[int, tuple[str, list[str]]]:
    """Return, by position, each person's key and the dates of the members with an equal key.

    The query is put together from column names only. Keys of embedded data are parameters.
    """
    keys, conditions = [], []
    parameters: dict[str, str | UUID] = {
        "people": rows_of(rows),
        "list_id": list_id,
        "organization_id": organization_id,
    }
    for number, field in enumerate(duplication.fields):
        keys.append(f"{_folded(field, f'given.value_{number}')} AS key_{number}")
        stored = _column(field, f"data_key_{number}", parameters)
        if field == indexed_field:
            conditions.append(f"{_INDEXED[field]} = key_{number} AND NOT ({stored} = '')")
        else:
            conditions.append(f"{_folded(field, stored)} = key_{number}")
    date_field = duplication.date_field
    statement = _MATCH.format(
        keys=", ".join(keys),
        columns=", ".join(f"value_{number} text" for number in range(len(keys))),
        names=", ".join(f"key_{number}" for number in range(len(keys))),
        date=_column(date_field, "date_key", parameters) if date_field else "''::text",
        condition=" AND ".join(conditions),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {position: (key, dates) for position, key, dates in cursor}


def _column(field: ContactField, parameter: str, parameters: dict[str, str | UUID]) -> str:
    """Return the SQL of a contact's field. The key of a DataField is added to `parameters`."""
    if isinstance(field, DataField):
        parameters[parameter] = field.key
        return f"coalesce(c.embedded_data ->> %({parameter})s::text, '')"
    return f"c.{field}"


def _folded(field: ContactField, value: str) -> str:
    if field == "phone":
        return value
    return f"lower({value})" if field == "email" else _FOLDED.format(value=value)
