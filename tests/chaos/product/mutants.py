"""Three faults of the product, one function each. The checker must notice every one of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from channels.providers.base import Result
from contacts.ids import new_id
from distributor.engine.dispatch import begin, claim, handover, loop
from distributor.engine.dispatch.handover import Begun
from distributor.models import Batch


def remove_lock() -> None:
    """A claim takes no lock: neither the row's (FOR UPDATE SKIP LOCKED) nor the lease that another worker holds.

    Without SKIP LOCKED alone nothing is sent twice: the fence stops the slower of two workers with the same batch.
    """
    statement = claim._CLAIM.replace(
        "AND due_at <= %(now)s AND (lease_expires_at IS NULL OR lease_expires_at <= %(now)s)", "AND due_at <= %(now)s"
    ).replace("FOR UPDATE SKIP LOCKED", "")
    assert "lease_expires_at <=" not in statement
    assert "SKIP LOCKED" not in statement
    claim._CLAIM = statement


def ignore_fence() -> None:
    """A worker whose lease ran out, and whose batch another one holds, goes on."""

    def renew(held: claim.Claim, now: datetime) -> None:
        Batch.objects.filter(id=held.batch_id).update(lease_expires_at=now + claim.LEASE)

    setattr(begin, "renew_lease", renew)  # noqa: B010


def settle_before_begin() -> None:
    """The hand-over is written down after the call instead of before it.

    Without the journal: it would show that the database does not know the call, and the product would stop sending.
    """
    settings.JOURNAL_FOLDER = ""
    real: Callable[..., Sequence[Result]] = handover.hand_over

    def write_nothing(held: Any, context: Any, people: Any, allowance: Any, now: datetime) -> Begun:
        return Begun(new_id(), now, people, allowance.option.account.id, allowance.is_probe)

    def call_then_write(context: Any, provider: Any, begun: Begun) -> Sequence[Result]:
        results = real(context, provider, begun)
        recipient_ids = [person.recipient_id for person in begun.people]
        batch_id = _batch_of(recipient_ids[0])
        with connection.cursor() as cursor:
            cursor.execute(
                handover._INSERT_HANDOVER,
                [begun.handover_id, batch_id, 0, begun.account_id, recipient_ids, begun.begun_at],
            )
        return results

    setattr(begin, "write_handover", write_nothing)  # noqa: B010
    setattr(loop, "hand_over", call_then_write)  # noqa: B010


def _batch_of(recipient_id: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT batch_id FROM distributor_recipient WHERE id = %s", [recipient_id])
        return cursor.fetchone()[0]


MUTANTS: dict[str, Callable[[], None]] = {
    "lock removed": remove_lock,
    "fence unchecked": ignore_fence,
    "settle before begin": settle_before_begin,
}
