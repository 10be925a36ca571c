"""What the operator sees of the journal and of a recovery, and the release."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from distributor.engine.infrastructure.audit import Actor, record
from distributor.engine.infrastructure.wakeups import wake_lane_on_commit
from distributor.engine.journal.files import journal_folder
from distributor.engine.journal.write import REPORT_PERIOD
from distributor.models import Batch, Installation
from distributor.models.audit_entry import ActorKind

logger = structlog.get_logger(__name__)

_COUNTED = {
    "noes": "opt-outs, unsubscribes, STOPs and complaints brought back",
    "erasures": "erasures made again: their people are erased, as they were before the restore",
    "handovers": "hand-overs that the database had forgotten",
    "written_back": "attempts written back, with an unknown outcome",
    "to_repeat": "of them are repeated after the release, because their provider takes idempotency keys",
    "unknown_recipients": "recipients who were sent to and whom the database does not know; their links are dead",
}


@dataclass(frozen=True, slots=True)
class MemoryStatus:
    """How the database's memory stands. `journal` is “ok”, “off”, or since when and why it is not written."""

    recovering_since: datetime | None
    findings: Mapping[str, Any]
    journal: str

    @property
    def is_journal_broken(self) -> bool:
        """Whether hand-overs are not written down although they should be."""
        return self.journal not in ("ok", "off")

    @property
    def summary(self) -> str:
        """One sentence for the operator; "" if all is well."""
        if self.recovering_since is None:
            return ""
        return (
            f"Nothing has been sent since {self.recovering_since:%Y-%m-%d %H:%M} UTC: the database was restored and "
            f"had forgotten {self.forgotten_count} hand-overs."
        )

    @property
    def forgotten_count(self) -> int:
        """How many hand-overs the journal knew and the restored database did not."""
        return int(self.findings.get("counts", {}).get("handovers", 0))

    @property
    def sentences(self) -> list[str]:
        """What the last recovery found and did, one fact each; empty if there was none."""
        if not self.findings:
            return []
        counts = self.findings["counts"]
        facts = [f"{counts.get(name, 0)} {meaning}." for name, meaning in _COUNTED.items()]
        if self.findings["firstAt"]:
            facts.insert(0, f"Forgotten: hand-overs from {self.findings['firstAt']} to {self.findings['lastAt']}.")
        facts += [
            f"Distribution {distribution_id}: {count} unknown recipients."
            for distribution_id, count in self.findings["forgotten"].items()
        ]
        facts += [
            f"Distribution {distribution_id} is paused: its audience was still being expanded, and some were sent to."
            for distribution_id in self.findings["pausedDistributions"]
        ]
        facts += [f"Not started, perhaps for a second time: {text}." for text in self.findings["skippedOccurrences"]]
        return facts


def read_memory_status(now: datetime) -> MemoryStatus:
    """Return how the database's memory stands."""
    installation = Installation.objects.first() or Installation()
    return MemoryStatus(installation.recovering_since, installation.recovery or {}, _journal(installation, now))


@transaction.atomic
def release(now: datetime, by: str) -> bool:
    """Let sending go on. `by` is who says so. Returns False if nothing was held."""
    if not Installation.objects.filter(recovering_since__isnull=False).update(recovering_since=None):
        return False
    record(Actor(ActorKind.SYSTEM, name=by), "released")
    logger.warning("recovery_released", by=by)
    for lane in sorted(Batch.objects.due(now).values_list("lane", flat=True).distinct()):
        wake_lane_on_commit(lane)
    return True


def _journal(installation: Installation, now: datetime) -> str:
    if journal_folder() is None:
        return "off"
    failed_at = installation.journal_failed_at
    if failed_at is None or now > failed_at + 2 * REPORT_PERIOD:
        return "ok"
    return f"not written at {failed_at:%Y-%m-%d %H:%M:%S} UTC: {installation.journal_fault}"
