"""Batches that wait for a provider account, and the account's return to work."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from channels.account_state.buckets import free_account, probe_at_once
from channels.models import ProviderAccount
from distributor.engine.outbox.breaker import tell_breaker

# Batches held by an account may also wait for its stand-in. A locked batch is being processed, so it is skipped.
_MAKE_DUE = """
UPDATE distributor_batch SET due_at = %(now)s, held_by = NULL WHERE id IN (
    SELECT id FROM distributor_batch
    WHERE state <> 'done' AND held_by IN (
        SELECT id FROM channels_provideraccount WHERE id = %(account_id)s OR stand_in_id = %(account_id)s
    )
    FOR UPDATE SKIP LOCKED
)
"""
# The one that has waited longest. It asks for the next probe before those whose message was the last one.
_MAKE_NEXT_DUE = """
UPDATE distributor_batch SET due_at = %(now)s WHERE id = (
    SELECT id FROM distributor_batch
    WHERE state = 'waiting' AND held_by = %(account_id)s AND lease_expires_at IS NULL
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
"""


def resume_account(account_id: UUID, now: datetime) -> bool:
    """Use an account again after an operator has fixed it. Return whether its breaker was open."""
    with transaction.atomic():
        was_broken = free_account(account_id)
        if was_broken:
            organization_id = ProviderAccount.objects.values_list("organization_id", flat=True).get(pk=account_id)
            tell_breaker(organization_id, account_id, "broken", "")
    make_batches_due(account_id, now)
    return was_broken


def probe_account(account_id: UUID, now: datetime) -> bool:
    """Send one message that waits for a broken account now, to learn whether it works. Return whether it is broken."""
    is_broken = probe_at_once(account_id, now)
    if is_broken:
        make_batches_due(account_id, now)
    return is_broken


def make_batches_due(account_id: UUID, now: datetime) -> None:
    """Make the batches that wait for this account due now, so that they ask for tokens again."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_DUE, {"account_id": account_id, "now": now})


def make_next_batch_due(account_id: UUID, now: datetime) -> None:
    """Make one of the batches that wait for a broken account due now, so that it asks for the next probe."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_NEXT_DUE, {"account_id": account_id, "now": now})
