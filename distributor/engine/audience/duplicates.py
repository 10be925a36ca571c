"""Whom of a call a list holds already: one statement, however long the list is."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django.db import connection

from contacts.contact_fields import ContactFields
from distributor.engine.infrastructure.sql_params import rows_of
from distributor.rules.duplicates import USER_FIELDS, Duplication, MemberMatch

# Where a field stands: in ContactFields, and in a contact's row.
_COLUMNS: Mapping[str, str] = {
    "tel": "phone",
    "email": "email",
    "firstname": "first_name",
    "lastname": "last_name",
    "title": "title",
}
# Full Unicode, whatever the database's own collation makes of it. An e-mail address is ASCII, and lower(email) indexed.
_FOLDED = "lower(btrim({value}, E' \\t\\r\\n') COLLATE pg_c_utf8)"
# What an index leads to, if it is among the fields: the address as it is compared, its column, and its index's key.
_ANCHORS = {"tel": "c.phone", "email": "lower(c.email)"}

_MATCH = """
WITH given AS (
    SELECT place, {keys} FROM json_to_recordset(%(people)s) AS given(place int, {columns})
),
sought AS (SELECT DISTINCT {names} FROM given),
found AS (
    SELECT {names}, array_agg(DISTINCT {date}) AS dates
    FROM sought
    JOIN contacts_contact c ON {condition}
    JOIN contacts_membership m ON m.contact_id = c.id AND m.mailing_list_id = %(list_id)s
    WHERE c.organization_id = %(organization_id)s AND c.erased_at IS NULL
    GROUP BY {names}
)
SELECT place, to_json(ARRAY[{names}])::text, coalesce(dates, '{{}}') FROM given LEFT JOIN found USING ({names})
"""


def find_member_matches(
    organization_id: UUID, list_id: UUID, people: Sequence[ContactFields], duplication: Duplication
) -> list[MemberMatch]:
    """Each person's likeness, in the same order. Texts are compared without surrounding blanks and letter case."""
    anchor = next((field for field in _ANCHORS if field in duplication.fields), None)
    rows = [
        {"place": place, **{field: value_of(person, field) for field in duplication.fields}}
        for place, person in enumerate(people)
    ]
    # The indexes hold no blank addresses. Who has none is looked for among all members.
    anchored = [row for row in rows if anchor and row[anchor]]
    others = [row for row in rows if not (anchor and row[anchor])]
    found: dict[int, tuple[str, list[str]]] = {}
    for some, by in ((anchored, anchor), (others, None)):
        if some:
            found.update(_match(organization_id, list_id, some, duplication, by))
    date_field = duplication.date_field
    return [
        MemberMatch(
            key=found[place][0] if any(rows[place][field] for field in duplication.fields) else None,
            date=value_of(person, date_field) if date_field else "",
            dates_of_members=found[place][1],
        )
        for place, person in enumerate(people)
    ]


def value_of(person: ContactFields, field: str) -> str:
    """What a call says in a field, "" for nothing."""
    data: Mapping[str, Any] = person.get("embedded_data") or {}
    said: Any = data.get(data_key(field)) if field in USER_FIELDS else person.get(_COLUMNS[field])
    return str(said or "").strip()


def with_value(person: ContactFields, field: str, value: str) -> ContactFields:
    """The same person who says this in a field."""
    if field in USER_FIELDS:
        return {**person, "embedded_data": {**(person.get("embedded_data") or {}), data_key(field): value}}
    return cast(ContactFields, {**person, _COLUMNS[field]: value})


def data_key(field: str) -> str:
    """`user3` → `User3`, the key in a contact's embedded data."""
    return field.capitalize()


def _match(
    organization_id: UUID, list_id: UUID, rows: Sequence[Mapping[str, Any]], duplication: Duplication, by: str | None
) -> dict[int, tuple[str, list[str]]]:
    """By place the key and the dates of the members who are alike; the statement is made of constants only."""
    fields = duplication.fields
    conditions = [f"{_stored(field)} = k_{field}" for field in fields if field != by]
    if by:
        column = _COLUMNS[by]
        conditions.append(f"{_ANCHORS[by]} = k_{by} AND NOT (c.{column} = '')")
    statement = _MATCH.format(
        keys=", ".join(f"{_folded(field, f'given.{field}')} AS k_{field}" for field in fields),
        columns=", ".join(f"{field} text" for field in fields),
        names=", ".join(f"k_{field}" for field in fields),
        date=_raw(duplication.date_field) if duplication.date_field else "''::text",
        condition=" AND ".join(conditions),
    )
    named: dict[str, str | UUID] = {
        "people": rows_of(rows),
        "list_id": list_id,
        "organization_id": organization_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return {place: (key, dates) for place, key, dates in cursor}


def _raw(field: str) -> str:
    if field in USER_FIELDS:
        return f"coalesce(c.embedded_data ->> '{data_key(field)}', '')"
    return f"c.{_COLUMNS[field]}"


def _stored(field: str) -> str:
    return _folded(field, _raw(field))


def _folded(field: str, value: str) -> str:
    if field == "tel":
        return value
    return f"lower({value})" if field == "email" else _FOLDED.format(value=value)
