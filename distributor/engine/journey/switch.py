"""The distribution's row as a switch: paused, cancelled, rescheduled or ended. It cannot change during a begin.

control.py changes the row under FOR UPDATE. Every begin holds it FOR KEY SHARE until its hand-over is committed. So
once a call that forbids sending has been answered, no hand-over begins. Updates of the distribution's counts take a
weaker lock and do not wait.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from distributor.engine.infrastructure.chunked_job import InputsChangedError
from distributor.models import Distribution
from distributor.rules.eligibility import Reason, Refusal
from distributor.rules.timing.timetable import Timetable, refuse_late

_LOCK_SWITCH = """
SELECT scheduled_at, not_after, expires_at, paused_at, cancelled_at, follow_up_count FROM distributor_distribution
WHERE id = %s FOR KEY SHARE
"""


@dataclass(frozen=True, slots=True)
class SwitchState:
    """The settings that decide whether a distribution may send now, and how many steps have been added to it."""

    scheduled_at: datetime | None
    not_after: datetime | None
    expires_at: datetime | None
    paused_at: datetime | None
    cancelled_at: datetime | None
    follow_up_count: int


def lock_switch(distribution_id: UUID) -> SwitchState:
    """Read the distribution's switch and lock it against changes until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_SWITCH, [distribution_id])
        return SwitchState(*cursor.fetchone())


def change_uncancelled(distribution_id: UUID, **changes: Any) -> None:
    """Change columns of the distribution's row. Raises InputsChangedError if it has been cancelled meanwhile.

    A cancel makes every batch due at once, but would miss a batch that this transaction arms: its people would wait
    until the batch is due. Call it last, because all transactions write the distribution's row: so it is locked only
    for as long as the commit takes.
    """
    if not Distribution.objects.filter(pk=distribution_id, cancelled_at=None).update(**changes):
        raise InputsChangedError


def refusal_for_all(switch: SwitchState, now: datetime) -> Refusal | None:
    """Return why nobody in the distribution is sent to any more; None while they still are."""
    if switch.cancelled_at is not None:
        return Refusal(Reason.CANCELLED, {"cancelledAt": switch.cancelled_at.isoformat()})
    return refuse_late(now, Timetable(not_after=switch.not_after, expires_at=switch.expires_at))
