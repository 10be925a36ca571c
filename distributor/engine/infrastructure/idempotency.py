"""Idempotency keys: make a call with a key once, store its answer for a day, and return that answer to repeats.

    lock the key → do the call's work → store the answer, in one transaction

So a crash leaves all of it or nothing, and no answer is stored without its distribution. See docs/decisions/0010.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from contacts.address_key import address_key

LIFETIME = timedelta(hours=24)
DELETE_BATCH_SIZE = 500

# The lock is tried, not waited for: a repeat of a call still in progress is refused at once. With a unique index alone
# it would wait for that call to end. The lock is released with the transaction. The query also returns the time.
_LOCK_KEY = """
SELECT clock_timestamp(), is_locked, fingerprint, status, content_type, body, expires_at
FROM (SELECT pg_try_advisory_xact_lock(hashtextextended(%(lock)s, 0)) AS is_locked) AS key_lock
LEFT JOIN distributor_idempotencykey ON api_key_id = %(api_key_id)s AND key IN (%(key)s, %(key_of_erased)s)
ORDER BY expires_at DESC NULLS LAST LIMIT 1
"""
# Replaces an answer that has expired and was not deleted yet.
_STORE = """
INSERT INTO distributor_idempotencykey AS stored (
    api_key_id, key, fingerprint, status, content_type, body, created_at, expires_at
) VALUES (
    %(api_key_id)s, %(key)s, %(fingerprint)s, %(status)s, %(content_type)s, %(body)s, %(now)s, %(expires_at)s
)
ON CONFLICT (api_key_id, key) DO UPDATE SET
    fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, content_type = EXCLUDED.content_type,
    body = EXCLUDED.body, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
WHERE stored.expires_at <= EXCLUDED.created_at
"""
_DELETION_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('distributor idempotency keys', 0))"
_DELETE = """
DELETE FROM distributor_idempotencykey WHERE (api_key_id, key) IN (
    SELECT api_key_id, key FROM distributor_idempotencykey
    WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class KeyedCall:
    """A call with an idempotency key (up to 255 characters). `fingerprint` is the SHA-256 of what it asks for."""

    api_key_id: UUID
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A call's answer: its HTTP status, Content-Type header and body. `is_dry_run`: the call changed nothing."""

    status: int
    content_type: str
    body: bytes
    is_dry_run: bool = False

    @property
    def must_be_stored(self) -> bool:
        return 200 <= self.status < 300 and not self.is_dry_run


class IdempotencyKeyReusedError(Exception):
    """The key belongs to a call with other content."""


class CallInFlightError(Exception):
    """Another call with this key is still in progress."""


class _KeyState(NamedTuple):
    """The stored answer of a key at `now`. Without one, this transaction holds the key's lock."""

    now: datetime
    stored_answer: Answer | None


def answer_once(call: KeyedCall, work: Callable[[], Answer]) -> Answer:
    """Return the call's stored answer, or else run `work` and store its answer in the same transaction.

    Only success is stored. A refused call changed nothing, so it can be judged again, and the corrected call may use
    the same key. (The IETF's draft-ietf-httpapi-idempotency-key-header repeats errors too; Stripe stores no error that
    came before any work was done.) A dry run is not stored either. An error that `work` raises ends the transaction.

    Raises IdempotencyKeyReusedError and CallInFlightError; nothing is written then.
    """
    with transaction.atomic():
        state = _lock_key(call)
        if state.stored_answer is not None:
            return state.stored_answer
        answer = work()
        if answer.must_be_stored:
            store_answer(call, answer, state.now)
        return answer


def find_answer(call: KeyedCall) -> Answer | None:
    """Return the call's stored answer. For calls that do something costly before their own transaction.

    None promises nothing: `answer_once` looks again. Raises the same errors.
    """
    with transaction.atomic():
        return _lock_key(call).stored_answer


def store_answer(call: KeyedCall, answer: Answer, now: datetime) -> None:
    """Store a call's answer for a day. Raises CallInFlightError if there is one that has not expired."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "api_key_id": call.api_key_id,
                "key": call.key,
                "fingerprint": call.fingerprint,
                "status": answer.status,
                "content_type": answer.content_type,
                "body": answer.body,
                "now": now,
                "expires_at": now + LIFETIME,
            },
        )
        if cursor.rowcount == 0:
            # The other call ended after this one had read the table and before it tried the lock.
            raise CallInFlightError


def delete_expired(now: datetime, limit: int = DELETE_BATCH_SIZE) -> int:
    """Delete at most `limit` expired answers, the oldest first. Return how many.

    The transactions stay short, so other calls do not wait. Of two simultaneous runs, one deletes nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DELETION_LOCK)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_DELETE, [now, limit])
        return int(cursor.rowcount)


def _lock_key(call: KeyedCall) -> _KeyState:
    lock = f"idempotency {call.api_key_id} {call.key}"
    with connection.cursor() as cursor:
        # A key that named a person who was erased is stored as its keyed hash.
        spelled = address_key(call.key)
        cursor.execute(
            _LOCK_KEY, {"lock": lock, "api_key_id": call.api_key_id, "key": call.key, "key_of_erased": spelled}
        )
        now, is_locked, fingerprint, status, content_type, body, expires_at = cursor.fetchone()
    if expires_at is None or expires_at <= now:
        if not is_locked:
            raise CallInFlightError
        return _KeyState(now, None)
    if bytes(fingerprint) != call.fingerprint:
        raise IdempotencyKeyReusedError
    return _KeyState(now, Answer(status, content_type, bytes(body)))
