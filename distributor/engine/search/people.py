"""Find people: by part of the name or e-mail address, by number in any spelling, by external id; with their story."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from contacts.addresses import is_email, spell_email, strip_unseen
from contacts.models import Organization
from contacts.phone_numbers import normalize_phone
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.search.by_index import pattern_of, read_by_index

SHOWN: Final = 20
# Nobody has more digits than a number of E.164, nor fewer than a local one.
_PHONE_DIGITS: Final = range(6, 17)

# Each part of the union uses an index of its own and is bounded. The last one is the trigram index `contacts_by_part`,
# which contacts/models/contact.py states by the same expression. There the organisation must not be a condition that an
# index can be read by: for a rare name the planner would read all contacts of the organisation.
_FIND: Final = f"""
WITH found AS (
    (SELECT id, 1 AS place FROM contacts_contact
     WHERE organization_id = ANY(%(organizations)s::uuid[]) AND id = %(id)s::uuid)
    UNION ALL
    (SELECT id, 1 FROM contacts_contact
     WHERE organization_id = ANY(%(organizations)s::uuid[]) AND external_id = %(text)s LIMIT {SHOWN})
    UNION ALL
    (SELECT id, 1 FROM contacts_contact
     WHERE organization_id = ANY(%(organizations)s::uuid[]) AND lower(email) = %(email)s AND email <> '' LIMIT {SHOWN})
    UNION ALL
    (SELECT id, 1 FROM contacts_contact
     WHERE organization_id = ANY(%(organizations)s::uuid[]) AND phone = ANY(%(phones)s) AND phone <> '' LIMIT {SHOWN})
    UNION ALL
    (SELECT id, 2 FROM contacts_contact
     WHERE %(part)s <> '' AND (first_name || ' ' || last_name || ' ' || email) ILIKE %(part)s
        AND (organization_id = ANY(%(organizations)s::uuid[])) IS TRUE LIMIT {SHOWN})
),
best AS (SELECT id, min(place) AS place FROM found GROUP BY id ORDER BY place, id LIMIT {SHOWN})
SELECT c.id, trim(c.first_name || ' ' || c.last_name), c.email, c.phone, coalesce(c.external_id, ''), o.name,
    story.recipient_id, story.distribution, story.state, story.outcome, story.reason, story.at
FROM best JOIN contacts_contact c ON c.id = best.id JOIN contacts_organization o ON o.id = c.organization_id
LEFT JOIN LATERAL (
    SELECT r.id AS recipient_id, coalesce(nullif(d.name, ''), s.name) AS distribution, r.state, r.outcome, r.reason,
        greatest(r.created_at, r.first_sent_at, r.first_opened_at, r.responded_at) AS at
    FROM distributor_recipient r JOIN distributor_distribution d ON d.id = r.distribution_id
    JOIN distributor_survey s ON s.id = d.survey_id
    WHERE r.contact_id = c.id ORDER BY r.id DESC LIMIT 1
) AS story ON true
ORDER BY best.place, c.last_name, c.first_name, c.id
"""


class PersonFound(NamedTuple):
    """A contact, and the newest distribution that the person is in: `recipient_id` is None if there is none."""

    contact_id: UUID
    full_name: str
    email: str
    phone: str
    external_id: str
    organization: str
    recipient_id: int | None
    distribution: str | None
    state: str | None
    outcome: str | None
    reason: str | None
    at: datetime | None

    @property
    def title(self) -> str:
        return self.full_name or self.email or self.phone or self.external_id or str(self.contact_id)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text may mean."""

    text: str
    id: UUID | None = None

    @property
    def part(self) -> str:
        """The pattern of a part of a name or an address; "" if the text is too short for one."""
        return pattern_of(self.text)


def find_people(organizations: Sequence[Organization], terms: Terms) -> list[PersonFound]:
    """Return the people that a text may mean, those whom it names exactly first. Raises TooCommonError."""
    parameters: dict[str, Any] = {
        "organizations": array_of(organization.pk for organization in organizations),
        "id": terms.id,
        "text": strip_unseen(terms.text),
        "email": spell_email(terms.text).lower() if "@" in terms.text else "",
        "phones": phones_of(terms.text, {organization.phone_region for organization in organizations}),
        "part": terms.part,
    }
    if parameters["phones"] or is_email(parameters["email"]):
        # A whole number or address is no part of another one, and the parts of an address are in many.
        exactly = read_by_index(_FIND, parameters | {"part": ""})
        if exactly:
            return [PersonFound(*row) for row in exactly]
    return [PersonFound(*row) for row in read_by_index(_FIND, parameters)]


def phones_of(text: str, regions: Iterable[str]) -> list[str]:
    """Return the numbers that a text may be: "601 100 041" in Poland, "+48 601-100-041", "0048601100041"."""
    digits = sum(character.isdigit() for character in text)
    if digits not in _PHONE_DIGITS or any(character.isalpha() for character in text):
        return []
    written = f"+{text.strip()[2:]}" if text.strip().startswith("00") else text
    return sorted({found for region in {"", *regions} if (found := normalize_phone(written, region))})
