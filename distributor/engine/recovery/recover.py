"""Recover from a gap in the database's memory: refuse claims, then write back what the journal knows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from distributor.engine.control import DistributionOverError, pause
from distributor.engine.journal.files import read_line_at
from distributor.engine.journal.lines import JournalLine
from distributor.engine.recovery.erasures import repeat_erasures
from distributor.engine.recovery.gap import ForgottenLine, find_forgotten, has_forgotten_words
from distributor.engine.recovery.noes import bring_back_noes
from distributor.engine.recovery.sequences import move_recipient_ids_beyond, skip_used_event_numbers
from distributor.engine.recovery.write_back import WrittenBack, write_back
from distributor.engine.schedule.recurring import skip_due_occurrences
from distributor.models import Expansion, Installation

logger = structlog.get_logger(__name__)

LISTED_LIMIT = 100  # distributions with forgotten recipients that the operator is shown


@dataclass(slots=True)
class Findings:
    """What a recovery found and did. `forgotten` counts recipients whom the database does not know, by distribution."""

    counts: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None
    last_at: datetime | None = None
    forgotten: Counter[UUID] = field(default_factory=Counter)
    skipped_occurrences: Sequence[str] = ()
    paused: list[str] = field(default_factory=list)

    def add(self, line: JournalLine, written_back: WrittenBack) -> None:
        self.counts.update(
            handovers=1,
            written_back=written_back.written_back,
            to_repeat=written_back.to_repeat,
            unknown_recipients=written_back.unknown_recipients,
        )
        self.first_at = min(self.first_at or line.at, line.at)
        self.last_at = max(self.last_at or line.at, line.at)
        if written_back.unknown_recipients:
            self.forgotten[line.distribution_id] += written_back.unknown_recipients


def recover_memory(folder: Path, installation: str, now: datetime) -> Findings:
    """Let nothing be sent until the operator releases it, and write the forgotten hand-overs back.

    May run in several processes at once, and again after a crash: each hand-over is written back once.
    """
    places, last_id = _index(find_forgotten(folder, installation))
    findings = Findings()
    if not places and not has_forgotten_words(folder, installation):
        return findings  # another process has been faster
    findings.skipped_occurrences = _stop_sending(last_id, now)
    first_at, last_at = (str(places[0][0]), str(places[-1][0])) if places else ("", "")
    logger.error("memory_gap_found", handovers=len(places), first_at=first_at, last_at=last_at)
    findings.counts["noes"] = bring_back_noes(folder, installation)
    for _, path, offset in places:
        line = read_line_at(path, offset)
        written_back = None if line is None else write_back(line, now)
        if line is not None and written_back is not None:
            findings.add(line, written_back)
    # After the hand-overs: an erasure stops journeys, and leaves what is in flight to whoever settles it.
    findings.counts["erasures"] = repeat_erasures(folder, installation, now)
    findings.paused = _pause_unfinished(findings.forgotten, now)
    _store(findings)
    logger.warning(
        "memory_written_back",
        handovers=findings.counts["handovers"],
        attempts=findings.counts["written_back"],
        noes=findings.counts["noes"],
        erasures=findings.counts["erasures"],
        to_repeat=findings.counts["to_repeat"],
        unknown_recipients=findings.counts["unknown_recipients"],
    )
    return findings


def _index(lines: Iterable[ForgottenLine]) -> tuple[list[tuple[datetime, Path, int]], int]:
    """Return where the lines stand, in the order of time, and the highest recipient id in them.

    Their attempts are not kept: a gap of a million recipients would take half a gigabyte.
    """
    places: list[tuple[datetime, Path, int]] = []
    last_id = 0
    for forgotten in lines:
        places.append((forgotten.line.at, forgotten.path, forgotten.offset))
        last_id = max(last_id, *(attempt.recipient_id for attempt in forgotten.line.attempts))
    return sorted(places), last_id


@transaction.atomic
def _stop_sending(last_id: int, now: datetime) -> Sequence[str]:
    """Store that the database recovers. Returns the occurrences of recurring distributions that are not made up for."""
    installation = Installation.objects.select_for_update().get()
    if installation.recovering_since is None:
        installation.recovering_since, installation.recovery = now, None
        skip_used_event_numbers()
    installation.gap_found_at = now
    installation.save(update_fields=["recovering_since", "recovery", "gap_found_at"])
    move_recipient_ids_beyond(last_id)
    return skip_due_occurrences(now)


def _pause_unfinished(forgotten: Counter[UUID], now: datetime) -> list[str]:
    """Pause distributions whose audience would be expanded again, to people who were sent to already."""
    paused = []
    unfinished = Expansion.objects.filter(distribution_id__in=list(forgotten), distribution__is_preparing=True)
    for distribution_id in unfinished.values_list("distribution_id", flat=True):
        try:
            pause(distribution_id, now)
        except DistributionOverError:
            continue
        paused.append(str(distribution_id))
    return paused


@transaction.atomic
def _store(findings: Findings) -> None:
    """Add the findings to those that are stored, which another process may have added to."""
    installation = Installation.objects.select_for_update().get()
    before: dict[str, Any] = installation.recovery or {}
    counts, forgotten = Counter(before.get("counts", {})), Counter(before.get("forgotten", {}))
    counts.update(findings.counts)
    forgotten.update({str(distribution_id): count for distribution_id, count in findings.forgotten.items()})
    moments = [text for text in (before.get("firstAt"), before.get("lastAt")) if text]
    moments += [moment.isoformat() for moment in (findings.first_at, findings.last_at) if moment]
    installation.recovery = {
        "counts": dict(counts),
        "firstAt": min(moments, default=None),
        "lastAt": max(moments, default=None),
        "forgotten": dict(forgotten.most_common(LISTED_LIMIT)),
        "pausedDistributions": sorted({*before.get("pausedDistributions", ()), *findings.paused}),
        "skippedOccurrences": sorted({*before.get("skippedOccurrences", ()), *findings.skipped_occurrences}),
    }
    installation.save(update_fields=["recovery"])
