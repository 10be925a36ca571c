"""The SQL of identity resolution: one statement per kind of key, and queries that explain a constraint violation.

Each takes `organization_id`, `now` and `given`: a JSON array of ContactFields with distinct keys. BY_… also take
`channels`, and return (key, id, external id, e-mail, phone, opted out at, time zone, suppressions, is over); TAKEN_…
return ids. `suppressions` are the channel and the reason of each on these channels, or NULL: the caller looks for them.
`is over` tells whether the contact now has more than 200 keys of embedded data. A query of its own for either would
cost a round trip.
"""

from contacts.address_key import PREFIX
from contacts.contact_fields import MAX_DATA_KEYS

# Counting the keys of a thousand contacts takes 5 ms. In jsonb a key and its value have a header of 4 bytes each, so a
# smaller value cannot have too many keys. (What a statement has just written is not compressed yet.)
_IS_OVER = f"""
    pg_column_size(embedded_data) > {MAX_DATA_KEYS * 8}
    AND (SELECT count(*) FROM jsonb_object_keys(embedded_data)) > {MAX_DATA_KEYS}
"""
_TEXTS = ("email", "phone", "first_name", "last_name", "title", "locale", "time_zone")
_MERGED_TEXTS = "".join(f"{name} = coalesce(nullif({{given}}.{name}, ''), c.{name}),\n    " for name in _TEXTS)
_IS_CHANGED = " OR ".join(f"{{given}}.{name} NOT IN ('', c.{name})" for name in _TEXTS)
# How insert and update merge: given values replace stored ones, embedded data is merged key by key. A contact that is
# not changed keeps its time: sends name the same people with the same values again and again, and no index is written.
_MERGE = f"""
    {_MERGED_TEXTS}embedded_data = c.embedded_data || {{given}}.embedded_data,
    updated_at = CASE
        WHEN {_IS_CHANGED} OR c.embedded_data || {{given}}.embedded_data <> c.embedded_data
        THEN %(now)s ELSE c.updated_at END
"""
_GIVEN = """
WITH given AS (
    SELECT contact_id AS id, external_id, coalesce(email, '') AS email, coalesce(phone, '') AS phone,
        coalesce(first_name, '') AS first_name, coalesce(last_name, '') AS last_name, coalesce(title, '') AS title,
        coalesce(locale, '') AS locale, coalesce(time_zone, '') AS time_zone,
        coalesce(embedded_data, '{{}}') AS embedded_data, {key} AS key
    FROM json_to_recordset(%(given)s) AS given(
        contact_id uuid, external_id text, email text, phone text, first_name text, last_name text, title text,
        locale text, time_zone text, embedded_data jsonb)
)
"""
_GIVEN_BY_ID = _GIVEN.format(key="contact_id::text")
_COLUMNS = """
    id, organization_id, external_id, email, phone, first_name, last_name, title, locale, time_zone,
    embedded_data, created_at, updated_at
"""
# PostgreSQL makes the id of new contacts only: a thousand ids made in Python cost 2 to 8 ms, half of them unused.
_VALUES = """
    uuidv7(), %(organization_id)s, external_id, email, phone, first_name, last_name, title, locale, time_zone,
    embedded_data, %(now)s, %(now)s
"""
# Suppressions of erased contacts are stored by the address's key. Where there are any, the caller looks for both.
_RESULT = f"""
SELECT key, id, external_id, email, phone, opted_out_at, time_zone, CASE WHEN NOT EXISTS (
    SELECT FROM contacts_suppression WHERE organization_id = %(organization_id)s AND address LIKE '{PREFIX}%%'
) THEN ARRAY(
    SELECT ARRAY[channel, reason] FROM contacts_suppression
    WHERE organization_id = %(organization_id)s AND channel = ANY(%(channels)s) AND address IN (lower(email), phone)
) END, {_IS_OVER}
FROM written
"""


def _returning(key: str) -> str:
    return (
        f"RETURNING {key} AS key, c.id, c.external_id, c.email, c.phone, c.opted_out_at, c.time_zone, c.embedded_data"
    )


BY_ID = f"""{_GIVEN_BY_ID},
locked AS MATERIALIZED (
    SELECT c.id FROM contacts_contact c JOIN given USING (id)
    WHERE c.organization_id = %(organization_id)s AND c.erased_at IS NULL ORDER BY c.id FOR NO KEY UPDATE OF c
),
written AS (
    UPDATE contacts_contact c SET {_MERGE.format(given="given")}
    FROM given JOIN locked USING (id) WHERE c.id = given.id
    {_returning("given.key")}
)
{_RESULT}
"""

BY_EXTERNAL_ID = f"""{_GIVEN.format(key="external_id")},
written AS (
    INSERT INTO contacts_contact AS c ({_COLUMNS}) SELECT {_VALUES} FROM given
    ON CONFLICT (organization_id, external_id) WHERE external_id IS NOT NULL DO UPDATE SET
        {_MERGE.format(given="excluded")}
    {_returning("c.external_id")}
)
{_RESULT}
"""


def _by_address(key: str, stored_key: str, stored: str, known_by_more: str, conflict: str) -> str:
    """Return the statement for e-mail or phone. Of contacts that share it, one known by nothing else comes first.

    Without its indentation, because psycopg parses a statement of more than 4,096 characters at each call.
    """
    statement = f"""{_GIVEN.format(key=key)},
found AS MATERIALIZED (
    SELECT given.key, (
        SELECT c.id FROM contacts_contact c
        WHERE c.organization_id = %(organization_id)s AND {stored_key} = given.key AND {stored} <> ''
        ORDER BY {known_by_more}, c.id LIMIT 1
    ) AS found_id FROM given
),
locked AS MATERIALIZED (
    SELECT c.id FROM contacts_contact c JOIN found ON found_id = c.id ORDER BY found.key FOR NO KEY UPDATE OF c
),
updated AS (
    UPDATE contacts_contact c SET {_MERGE.format(given="g")}
    FROM given AS g JOIN found USING (key) JOIN locked ON locked.id = found_id WHERE c.id = found_id
    {_returning("g.key")}
),
inserted AS (
    INSERT INTO contacts_contact AS c ({_COLUMNS})
    SELECT {_VALUES} FROM given JOIN found USING (key) WHERE found_id IS NULL ORDER BY key
    ON CONFLICT {conflict} DO UPDATE SET {_MERGE.format(given="excluded")}
    {_returning(stored_key)}
),
written AS (TABLE updated UNION ALL TABLE inserted)
{_RESULT}
"""
    return " ".join(statement.split())


BY_EMAIL = _by_address(
    "lower(email)",
    "lower(c.email)",
    "c.email",
    "c.external_id IS NOT NULL",
    "(organization_id, lower(email)) WHERE external_id IS NULL AND NOT (email = '')",
)
BY_PHONE = _by_address(
    "phone",
    "c.phone",
    "c.phone",
    "c.external_id IS NOT NULL OR c.email <> ''",
    "(organization_id, phone) WHERE external_id IS NULL AND email = '' AND NOT (phone = '')",
)


def _taken(wanted: str, stored_key: str, by_nothing_else: str, and_still: str) -> str:
    """Return the query for contacts whose given address identifies another contact, or is given twice in the call."""
    return f"""{_GIVEN_BY_ID},
named AS (
    SELECT c.id, {wanted} AS address, count(*) OVER (PARTITION BY {wanted}) AS wanted_by
    FROM contacts_contact c JOIN given USING (id)
    WHERE c.organization_id = %(organization_id)s AND {by_nothing_else} AND {and_still} AND {wanted} <> ''
)
SELECT named.id FROM named WHERE wanted_by > 1 OR EXISTS (
    SELECT FROM contacts_contact c
    WHERE c.organization_id = %(organization_id)s AND {stored_key} = named.address AND {stored_key} <> ''
        AND {by_nothing_else} AND c.id <> named.id
)
"""


TAKEN_EMAILS = _taken("lower(given.email)", "lower(c.email)", "c.external_id IS NULL", "true")
TAKEN_PHONES = _taken("given.phone", "c.phone", "c.external_id IS NULL AND c.email = ''", "given.email = ''")
