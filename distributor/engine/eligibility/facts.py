"""What the eligibility rules want to know, gathered for many contacts at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from contacts.channel import Channel
from distributor.engine.infrastructure.sql_params import array_of, rows_of
from distributor.rules.eligibility import OPT_OUT_REASONS, ContactFacts
from distributor.rules.timing.departure import Terms

_SUPPRESSIONS = """
SELECT channel, address, reason FROM contacts_suppression
WHERE organization_id = %s AND channel = ANY(%s) AND address IN (SELECT json_array_elements_text(%s::json))
"""
# The same query behind the organisation's shared lock (dispatch/recheck.py), in one round trip.
# The join is an outer one because the lock must be taken also where nothing is suppressed.
_SUPPRESSIONS_BESIDE_OTHERS = """
SELECT channel, address, reason
FROM (SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))) AS turn
LEFT JOIN contacts_suppression ON
    organization_id = %s AND channel = ANY(%s) AND address IN (SELECT json_array_elements_text(%s::json))
"""
_LAST_SENDS = """
SELECT contact_id, max(last_sent_at), max(last_sent_at) FILTER (WHERE survey_id = %s) FROM distributor_touch
WHERE contact_id = ANY(%s::uuid[]) AND last_sent_at IS NOT NULL AND recipient_id <> ALL(%s::bigint[])
GROUP BY contact_id
"""


class Reachable(Protocol):
    """A contact with its addresses."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def opted_out_at(self) -> datetime | None: ...


def gather_facts(
    organization_id: UUID,
    contacts: Sequence[Reachable],
    channels: Sequence[str],
    terms: Terms,
    survey_id: UUID,
    *,
    own_journeys: Sequence[int] = (),
    in_full: bool = False,
    turn: str = "",
) -> list[ContactFacts | None]:
    """What is known against sending to each contact on the first of the channels, in the same order.

    None: nothing is. The address is there, nobody opted out, no suppression, no earlier send that the terms could
    mind; so there is nothing to judge, and almost everybody is spared it. `own_journeys` are recipients whose own
    sends do not hold them back. `in_full`: the other channels matter as well, and nobody is None. `turn` names a lock
    that is shared with others until the end of the transaction.
    """
    addresses = [[address_on(channel, contact.email, contact.phone) for contact in contacts] for channel in channels]
    suppressions = _suppressions(organization_id, channels, addresses, turn)
    minds_the_past = terms.limits.any or terms.throttle is not None
    sent = _last_sends([contact.id for contact in contacts], survey_id, own_journeys) if minds_the_past else {}
    first = channels[0]
    facts: list[ContactFacts | None] = []
    for position, (contact, address) in enumerate(zip(contacts, addresses[0], strict=True)):
        is_blameless = address and contact.opted_out_at is None and (first, address) not in suppressions
        if is_blameless and contact.id not in sent and not in_full:
            facts.append(None)
            continue
        known = {channel: addresses[place][position] for place, channel in enumerate(channels)}
        found = {of[0]: suppressions[of] for of in known.items() if of in suppressions}
        facts.append(ContactFacts(known, found, contact.opted_out_at, *sent.get(contact.id, (None, None))))
    return facts


def address_on(channel: str, email: str, phone: str) -> str:
    """The address that a channel uses, in the one spelling that suppressions are kept in; "" if there is none."""
    return email.lower() if channel == Channel.EMAIL else phone


def _suppressions(
    organization_id: UUID, channels: Sequence[str], addresses: Sequence[Sequence[str]], turn: str
) -> dict[tuple[str, str], str]:
    wanted = list(set().union(*addresses))
    with connection.cursor() as cursor:
        parameters: list[Any] = [organization_id, list(set(channels)), rows_of(wanted)]
        if turn:
            cursor.execute(_SUPPRESSIONS_BESIDE_OTHERS, [turn, *parameters])
        else:
            cursor.execute(_SUPPRESSIONS, parameters)
        # Of several reasons the graver: what a person asked for may yet leave a link to hand out, a bounce does not.
        rows = [row for row in cursor if row[0] is not None]
        found = sorted(rows, key=lambda row: (row[2] not in OPT_OUT_REASONS, row[2]))
        return {(channel, address): reason for channel, address, reason in found}


def _last_sends(
    contact_ids: Sequence[UUID], survey_id: UUID, own_journeys: Sequence[int]
) -> dict[UUID, tuple[datetime, datetime | None]]:
    """Of any survey, and of this one."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SENDS, [survey_id, array_of(contact_ids), array_of(own_journeys)])
        return {contact_id: (of_any, of_this) for contact_id, of_any, of_this in cursor.fetchall()}
