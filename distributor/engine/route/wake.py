"""Accounts that work again, and the batches that waited for them."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from channels.buckets import free_account

# Whoever stands in is waited for, too. Rows that are locked are being looked at anyway.
_WAKE = """
UPDATE distributor_batch SET due_at = %(now)s, held_by = NULL WHERE id IN (
    SELECT id FROM distributor_batch
    WHERE state <> 'done' AND held_by IN (
        SELECT id FROM channels_provideraccount WHERE id = %(account_id)s OR stand_in_id = %(account_id)s
    )
    FOR UPDATE SKIP LOCKED
)
"""


def resume_account(account_id: UUID, now: datetime) -> bool:
    """An operator has put an account right: what waits for it is due. Returns whether its breaker was open."""
    was_broken = free_account(account_id)
    wake_batches(account_id, now)
    return was_broken


def wake_batches(account_id: UUID, now: datetime) -> None:
    """Let the batches that wait for an account ask again now."""
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, {"account_id": account_id, "now": now})
