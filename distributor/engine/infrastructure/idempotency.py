"""Making a keyed call once: what it was answered is kept for a day, and given to whoever repeats it.

    enter → the call's own work → keep, in one transaction

So a crash anywhere leaves either all of it or nothing, and there is no kept answer without its distribution. See
docs/decisions/0010.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

LIFETIME = timedelta(hours=24)
PORTION = 500

# The lock is only tried: who repeats a call that is still being made is told so at once, and a unique index alone would
# make them wait for its end. It falls with the transaction, however that ends. The clock comes along, unasked for.
_ENTER = """
SELECT clock_timestamp(), is_ours, fingerprint, status, content_type, body, expires_at
FROM (SELECT pg_try_advisory_xact_lock(hashtextextended(%(lock)s, 0)) AS is_ours) place
LEFT JOIN distributor_idempotencykey ON api_key_id = %(api_key_id)s AND key = %(key)s
"""
# An answer that expired and was not deleted yet gives way.
_KEEP = """
INSERT INTO distributor_idempotencykey AS kept (
    api_key_id, key, fingerprint, status, content_type, body, created_at, expires_at
) VALUES (
    %(api_key_id)s, %(key)s, %(fingerprint)s, %(status)s, %(content_type)s, %(body)s, %(now)s, %(expires_at)s
)
ON CONFLICT (api_key_id, key) DO UPDATE SET
    fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, content_type = EXCLUDED.content_type,
    body = EXCLUDED.body, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at
WHERE kept.expires_at <= EXCLUDED.created_at
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
    """A call under a key of its caller's own (up to 255 characters), and what tells it from another call: a SHA-256."""

    api_key_id: UUID
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A call's answer: its HTTP status, the Content-Type header and the bytes of the body.

    `is_of_dry_run`: the call has done nothing.
    """

    status: int
    content_type: str
    body: bytes
    is_of_dry_run: bool = False

    @property
    def is_kept(self) -> bool:
        return 200 <= self.status < 300 and not self.is_of_dry_run


class IdempotencyKeyReusedError(Exception):
    """The key's answer is another call's."""


class CallInFlightError(Exception):
    """A call with this key was still being made when this one came."""


class _Entry(NamedTuple):
    """How the key stood at `now`: the answer to give again, if there is one. If not, the key is ours."""

    now: datetime
    kept: Answer | None


def answer_once(call: KeyedCall, work: Callable[[], Answer]) -> Answer:
    """The kept answer to the call, or else what `work` answers now, in one transaction with all that it writes.

    Only success is kept. What was refused changed nothing: judging it again does no harm, and the corrected call may
    use the same key. (The IETF's draft-ietf-httpapi-idempotency-key-header gives an error again too; Stripe keeps
    none that came before anything was done.) So it is with a dry run. What `work` raises ends the transaction.

    Raises KeyReused and CallInFlight; nothing is written then.
    """
    with transaction.atomic():
        entry = _enter(call)
        if entry.kept is not None:
            return entry.kept
        answer = work()
        if answer.is_kept:
            keep(call, answer, entry.now)
        return answer


def find_answer(call: KeyedCall) -> Answer | None:
    """The kept answer, for a call that has to do something costly before its own transaction.

    None promises nothing: `answer_once` looks again. Raises as it does.
    """
    with transaction.atomic():
        return _enter(call).kept


def keep(call: KeyedCall, answer: Answer, now: datetime) -> None:
    """Keep a call's answer for a day. Raises CallInFlight when there is one that has not expired."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
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
            # The other call ended between this one's look at the table and its try of the lock.
            raise CallInFlightError


def delete_expired(now: datetime, portion: int = PORTION) -> int:
    """Delete answers that have expired, so many at most, the oldest first. Returns how many.

    Short transactions keep nobody waiting. Two at once delete no more than one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DELETION_LOCK)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_DELETE, [now, portion])
        return int(cursor.rowcount)


def _enter(call: KeyedCall) -> _Entry:
    lock = f"idempotency {call.api_key_id} {call.key}"
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, {"lock": lock, "api_key_id": call.api_key_id, "key": call.key})
        now, is_ours, fingerprint, status, content_type, body, expires_at = cursor.fetchone()
    if expires_at is None or expires_at <= now:
        if not is_ours:
            raise CallInFlightError
        return _Entry(now, None)
    if bytes(fingerprint) != call.fingerprint:
        raise IdempotencyKeyReusedError
    return _Entry(now, Answer(status, content_type, bytes(body)))
