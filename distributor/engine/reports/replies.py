"""Find the contact and the distribution of a reply, which itself holds only a number and the receiving account."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.sql_params import array_of
from distributor.models import Reply

# A family may share a number: the contact whom the account wrote to last before the reply is meant.
_SOURCES = """
SELECT reply.id, account.organization_id, sender.contact_id, sender.distribution_id
FROM distributor_providerevent reply
JOIN channels_provideraccount account ON account.id = reply.provider_account_id
LEFT JOIN LATERAL (
    SELECT c.id AS contact_id, sent.distribution_id FROM contacts_contact c
    LEFT JOIN LATERAL (
        SELECT r.distribution_id, a.begun_at FROM distributor_recipient r
        JOIN distributor_attempt a ON a.recipient_id = r.id
        WHERE r.contact_id = c.id AND a.provider_account_id = account.id AND a.begun_at <= reply.occurred_at
        ORDER BY a.begun_at DESC LIMIT 1
    ) sent ON true
    WHERE c.organization_id = account.organization_id AND c.phone = reply.address AND c.phone <> ''
    ORDER BY sent.begun_at DESC NULLS LAST, c.id LIMIT 1
) sender ON true
WHERE reply.id = ANY(%s::bigint[])
"""


class ReplySource(NamedTuple):
    """Where a reply comes from. `contact_id` None: nobody has the number. `distribution_id`: the last one sent."""

    organization_id: UUID
    contact_id: UUID | None
    distribution_id: UUID | None


def sources_of(replies: Sequence[Reply]) -> Mapping[int, ReplySource]:
    """Return the source of each reply by the reply's id, in one query. Replies to deleted accounts are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, [array_of([reply.pk for reply in replies])])
        return {reply_id: ReplySource(*source) for reply_id, *source in cursor.fetchall()}
