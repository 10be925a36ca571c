"""The state of an export, from what is stored of it."""

from datetime import datetime
from enum import StrEnum
from typing import Final

# Failures of the same chunk in a row, with pauses that grow to a minute: about a quarter of an hour.
MAX_FAILURES: Final = 20


class ExportState(StrEnum):
    """How far an export is. The values are public: callers read them."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def export_state(
    *,
    now: datetime,
    expires_at: datetime,
    finished_at: datetime | None,
    withdrawn_at: datetime | None,
    failures: int,
    part_count: int,
) -> ExportState:
    """Return the state by the first rule that applies:

    1. An export that held a person who was erased since is withdrawn.
    2. At `expires_at` itself the file is gone.
    3. A finished export is ready.
    4. A chunk that failed MAX_FAILURES times in a row is not tried again.
    5. With its first part written it runs; before, it is queued.
    """
    if withdrawn_at is not None:
        return ExportState.WITHDRAWN
    if now >= expires_at:
        return ExportState.EXPIRED
    if finished_at is not None:
        return ExportState.READY
    if failures >= MAX_FAILURES:
        return ExportState.FAILED
    return ExportState.RUNNING if part_count else ExportState.QUEUED
