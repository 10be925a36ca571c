"""Batches that wait for a provider account, and the account's return to work."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from channels.account_state.buckets import free_account

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


def resume_account(account_id: UUID, now: datetime) -> bool:
    """Use an account again after an operator has fixed it. Return whether its breaker was open."""
    was_broken = free_account(account_id)
    make_batches_due(account_id, now)
    return was_broken


def make_batches_due(account_id: UUID, now: datetime) -> None:
    """Make the batches that wait for this account due now, so that they ask for tokens again."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_DUE, {"account_id": account_id, "now": now})
