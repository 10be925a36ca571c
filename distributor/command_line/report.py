"""How a distribution stands: its counts, who was left out and who was not reached, for people and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from distributor.command_line.operator import Desk, in_zone_of
from distributor.command_line.standing import tell_standings
from distributor.engine.manual_retry.unreached import UnreachedGroup, count_unreached
from distributor.engine.reports.skips import count_skips
from distributor.models import Distribution
from distributor.rules.journey.conclusion import UNKNOWN_OUTCOME
from distributor.rules.journey.manual_retry import RetriedOutcome, RetrySelection
from distributor.rules.phrases import explain_reason

LABELS: Final[Mapping[str, str]] = {
    "reached": "reached",
    "failed": "failed",
    "indeterminate": "unknown outcome",
    "stopped": "stopped",
    "waiting": "not reached yet",
    "registered": "links only",
    "skipped": "left out",
}


@dataclass(frozen=True, slots=True)
class LeftOutGroup:
    """How many contacts were left out for one reason."""

    count: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """A distribution as of one moment."""

    distribution: Distribution
    standing: str
    sentence: str
    left_out: list[LeftOutGroup]
    failures: list[tuple[UnreachedGroup, str]]

    @property
    def has_failures(self) -> bool:
        return bool(self.distribution.failed_count or self.distribution.indeterminate_count)


def read_report(desk: Desk, distribution: Distribution) -> Report:
    """Read how a distribution stands now."""
    now = desk.now
    told = tell_standings(desk, [distribution])[distribution.pk]
    with in_zone_of(desk):
        left_out = [
            LeftOutGroup(group.contacts, group.example.reason, group.example.sentence(desk.zone))
            for group in (count_skips(distribution.pk) if distribution.skipped_count else ())
        ]
        return Report(distribution, told.word, told.sentence, left_out, _failures(desk, distribution, now))


def show_report(desk: Desk, report: Report) -> None:
    """Print the report for people."""
    row, output = report.distribution, desk.output
    output.say(f"{row.name or row.survey.name}  {row.pk}", "bold")
    output.say(report.sentence)
    counts = [(count, LABELS[name]) for name, count in row.progress.items() if count]
    output.table(("contacts", ""), [*counts, (row.opened_count, "opened"), (row.responded_count, "responded")])
    if report.left_out:
        output.say("\nLeft out:", "bold")
        output.table(("contacts", "for example"), [(group.count, group.text) for group in report.left_out])
    show_failures(desk, report.failures)
    output.say(page_of(row))


def show_failures(desk: Desk, failures: list[tuple[UnreachedGroup, str]]) -> None:
    """Print who was not reached, by reason and in the provider's words."""
    if failures:
        desk.output.say("\nNot reached:", "bold")
        columns = ("contacts", "channel", "reason", "why", "the provider's words")
        rows = [(each.recipients, each.channel, each.reason, why, _words(each)) for each, why in failures]
        desk.output.table(columns, rows)


def report_document(report: Report) -> dict[str, Any]:
    """Return the report for `--json`. Times are ISO 8601 in UTC."""
    row = report.distribution
    return {
        "id": row.pk,
        "name": row.name or row.survey.name,
        "surveyId": row.survey_id,
        "standing": report.standing,
        "sentence": report.sentence,
        "scheduledAt": row.scheduled_at,
        "accepted": row.accepted_count,
        "counts": row.progress,
        "opened": row.opened_count,
        "responded": row.responded_count,
        "leftOut": [{"contacts": each.count, "reason": each.reason, "text": each.text} for each in report.left_out],
        "failures": [failure_document(each, why) for each, why in report.failures],
        "page": page_of(row),
    }


def failure_document(group: UnreachedGroup, why: str) -> dict[str, Any]:
    return {
        "contacts": group.recipients,
        "outcome": group.outcome,
        "reason": group.reason,
        "channel": group.channel,
        "code": group.code,
        "providerText": group.detail,
        "text": why,
    }


def page_of(row: Distribution) -> str:
    """Return the address of the distribution's page in the admin."""
    path = reverse("admin:distributor_distribution_change", args=[row.pk])
    return f"{settings.PUBLIC_BASE_URL}{path}"


def explain_groups(desk: Desk, groups: list[UnreachedGroup], now: datetime) -> list[tuple[UnreachedGroup, str]]:
    """Return the groups, each with its reason in words."""
    return [(group, _why(desk, group, now)) for group in groups]


def _failures(desk: Desk, row: Distribution, now: datetime) -> list[tuple[UnreachedGroup, str]]:
    if not row.failed_count + row.indeterminate_count:
        return []
    return explain_groups(desk, count_unreached(row.pk, RetrySelection(outcomes=list(RetriedOutcome))), now)


def _why(desk: Desk, group: UnreachedGroup, now: datetime) -> str:
    if not group.outcome:
        return "other reasons"
    facts = {"channel": group.channel} if group.channel else {}
    return explain_reason(group.reason or UNKNOWN_OUTCOME, facts, now=now, zone=desk.zone)


def _words(group: UnreachedGroup) -> str:
    return " ".join(text for text in (group.code, group.detail) if text)
