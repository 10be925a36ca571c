"""Gather the facts that the eligibility rules need, for many contacts at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection

from contacts.address_key import ADDRESS_KEY_SQL
from contacts.channel import Channel
from contacts.identity import Identified
from contacts.number_rules import NumberRules, refuse_number
from distributor.engine.infrastructure.sql_params import array_of, rows_of
from distributor.rules.eligibility import OPT_OUT_REASONS, ContactFacts
from distributor.rules.timing.departure import Terms

# Suppressions of erased contacts are stored by the address's key (contacts/address_key.py). Keys are computed only
# where the organisation has any such suppression: 1,000 of them take PostgreSQL about a millisecond.
_FOUND = f"""
    SELECT s.channel, s.address, s.reason FROM contacts_suppression s
    WHERE s.organization_id = %(organization_id)s AND s.channel = ANY(%(channels)s)
        AND s.address IN (SELECT address FROM wanted)
    UNION ALL
    SELECT s.channel, keyed.address, s.reason
    FROM (
        SELECT address, {ADDRESS_KEY_SQL} AS key FROM wanted
        WHERE EXISTS (
            SELECT FROM contacts_suppression
            WHERE organization_id = %(organization_id)s AND address LIKE 'sha256:%%'
        )
    ) AS keyed
    JOIN contacts_suppression s ON s.address = keyed.key
    WHERE s.organization_id = %(organization_id)s AND s.channel = ANY(%(channels)s)
"""
_WANTED = "wanted AS MATERIALIZED (SELECT value AS address FROM json_array_elements_text(%(addresses)s::json))"
_SUPPRESSIONS = f"WITH {_WANTED} {_FOUND}"
# The same query after taking the organisation's shared lock (dispatch/recheck.py), in one round trip.
# The outer join takes the lock even if there are no suppressions.
_SUPPRESSIONS_WITH_SHARED_LOCK = f"""
WITH {_WANTED}
SELECT channel, address, reason
FROM (SELECT pg_advisory_xact_lock_shared(hashtextextended(%(shared_lock)s, 0))) AS shared_lock
LEFT JOIN ({_FOUND}) AS found ON true
"""
_LAST_SENDS = """
SELECT contact_id, max(last_sent_at), max(last_sent_at) FILTER (WHERE survey_id = %s) FROM distributor_touch
WHERE contact_id = ANY(%s::uuid[]) AND last_sent_at IS NOT NULL AND recipient_id <> ALL(%s::bigint[])
GROUP BY contact_id
"""
Suppressions = Mapping[tuple[str, str], str]  # the reason of each, by channel and address


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
    numbers: NumberRules,
    *,
    excluded_recipient_ids: Sequence[int] = (),
    needs_all_facts: bool = False,
    shared_lock: str = "",
    team: frozenset[str] | None = None,
    suppressions: Suppressions | None = None,
) -> list[ContactFacts | None]:
    """Return the facts about each contact, in the same order.

    None means that nothing speaks against sending on the first channel: there is an address, no opt-out, no
    suppression, no rule against the number, and no earlier send that the terms depend on. That spares almost every
    contact the judging. With `needs_all_facts` no contact gets None. Sends to the recipients in
    `excluded_recipient_ids` do not count as earlier sends. `shared_lock` names an advisory lock to take in shared mode
    until the end of the transaction. `team` are the only addresses that are sent to; None: any. `suppressions` are the
    contacts' on these channels; None: they are read, and the lock is taken.
    """
    addresses = [[address_on(channel, contact.email, contact.phone) for contact in contacts] for channel in channels]
    if suppressions is None:
        suppressions = _find_suppressions(organization_id, channels, addresses, shared_lock)
    number_refusals = _refuse_numbers(contacts, channels, numbers)
    last_sends: Mapping[UUID, tuple[datetime, datetime | None]] = {}
    if terms.limits.any or terms.throttle is not None:
        last_sends = _find_last_sends([contact.id for contact in contacts], survey_id, excluded_recipient_ids)
    first_channel = channels[0]
    facts: list[ContactFacts | None] = []
    for position, (contact, address) in enumerate(zip(contacts, addresses[0], strict=True)):
        is_reachable = address and contact.opted_out_at is None and (first_channel, address) not in suppressions
        is_reachable = is_reachable and (first_channel == Channel.EMAIL or contact.phone not in number_refusals)
        is_reachable = is_reachable and (team is None or address in team)
        if is_reachable and contact.id not in last_sends and not needs_all_facts:
            facts.append(None)
            continue
        by_channel = {channel: addresses[index][position] for index, channel in enumerate(channels)}
        reasons = {key[0]: suppressions[key] for key in by_channel.items() if key in suppressions}
        contacted_at, surveyed_at = last_sends.get(contact.id, (None, None))
        refusal = number_refusals.get(contact.phone)
        outside = frozenset() if team is None else frozenset(c for c, given in by_channel.items() if given not in team)
        facts.append(
            ContactFacts(by_channel, reasons, contact.opted_out_at, contacted_at, surveyed_at, refusal, outside)
        )
    return facts


def address_on(channel: str, email: str, phone: str) -> str:
    """Return the address that a channel uses, as suppressions store it (e-mail in lower case); "" if it has none."""
    return email.lower() if channel == Channel.EMAIL else phone


def _refuse_numbers(
    contacts: Sequence[Reachable], channels: Sequence[str], numbers: NumberRules
) -> dict[str, Mapping[str, str]]:
    """Return why the organisation does not send to a number, for each such number that a channel would use."""
    if all(channel == Channel.EMAIL for channel in channels):
        return {}
    phones = {contact.phone for contact in contacts if contact.phone}
    return {phone: refusal for phone in phones if (refusal := refuse_number(phone, numbers)) is not None}


def find_suppression(organization_id: UUID, channel: str, address: str) -> str | None:
    """Return why one address is suppressed, or None. The address is in its one spelling."""
    return _find_suppressions(organization_id, [channel], [[address]], "").get((channel, address))


def _find_suppressions(
    organization_id: UUID, channels: Sequence[str], addresses: Sequence[Sequence[str]], shared_lock: str
) -> Suppressions:
    distinct_addresses = list(set().union(*addresses))
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "organization_id": organization_id,
            "channels": list(set(channels)),
            "addresses": rows_of(distinct_addresses),
            "secret": settings.ADDRESS_KEY_SECRET,
            "shared_lock": shared_lock,
        }
        cursor.execute(_SUPPRESSIONS_WITH_SHARED_LOCK if shared_lock else _SUPPRESSIONS, parameters)
        return _by_address([row for row in cursor if row[0] is not None])


def suppressions_of(contacts: Iterable[Identified]) -> Suppressions | None:
    """Return what resolve_contacts() found with the contacts, on its channels. None if it did not look for all."""
    rows: list[tuple[str, str, str]] = []
    for contact in contacts:
        if contact.suppressions is None:
            return None
        rows += [
            (channel, address_on(channel, contact.email, contact.phone), reason)
            for channel, reason in contact.suppressions
        ]
    return _by_address(rows)


def _by_address(rows: Sequence[tuple[str, str, str]]) -> Suppressions:
    """Return the reason by channel and address. Of several reasons, a bounce overrides an opt-out.

    With an opt-out the contact may still get a link, with a bounce it does not.
    """
    opt_outs_first = sorted(rows, key=lambda row: (row[2] not in OPT_OUT_REASONS, row[2]))
    return {(channel, address): reason for channel, address, reason in opt_outs_first}


def _find_last_sends(
    contact_ids: Sequence[UUID], survey_id: UUID, excluded_recipient_ids: Sequence[int]
) -> dict[UUID, tuple[datetime, datetime | None]]:
    """Return when each contact was last sent any survey, and this survey. Contacts never sent to are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SENDS, [survey_id, array_of(contact_ids), array_of(excluded_recipient_ids)])
        return {
            contact_id: (any_survey_at, this_survey_at)
            for contact_id, any_survey_at, this_survey_at in cursor.fetchall()
        }
