"""The reckoning: when the month is over everybody has ended, truly as recorded, and every sum holds."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from distributor.models import Attempt, Batch, Distribution, Handover, Recipient
from tests.simulation.known import Campaign, Journey
from tests.simulation.oracle import was_held_back

COUNTED = {"sent": "sent_count", "failed": "failed_count", "indeterminate": "indeterminate_count"}


class _Row(NamedTuple):
    """What is recorded of a journey."""

    code: str
    pk: int
    state: str
    outcome: str
    reason: str


def reckon(campaigns: list[Campaign]) -> Iterator[str]:
    """What is wrong, in sentences."""
    yield from _about_leftovers()
    rows = {row.id: row for row in Distribution.objects.all()}
    named = Recipient.objects.values_list("code", "pk", "state", "outcome", "reason")
    recipients = {row[0]: _Row(*row) for row in named.iterator()}
    attempts = Counter(Attempt.objects.values_list("recipient_id", flat=True))
    for campaign in campaigns:
        yield from _about_sums(campaign, rows[campaign.id], [recipients[one.code] for one in campaign.journeys])
        for journey in campaign.journeys:
            row = recipients[journey.code]
            for fault in (*_about_end(journey, row, attempts[row.pk]), *_about_the_forgotten(journey, row)):
                calls = ", ".join(map(str, journey.calls))
                yield f"{row.code} {row.state} {row.outcome} {row.reason}: {fault} ({calls})"


def _about_leftovers() -> Iterator[str]:
    for what, rows in (
        ("recipients wait", Recipient.objects.filter(state="waiting")),
        ("batches are not done", Batch.objects.exclude(state="done")),
        ("hand-overs are not settled", Handover.objects.filter(settled_at=None)),
        ("batches have failed", Batch.objects.filter(claims__gt=5)),
    ):
        count = rows.count()
        if count:
            yield f"{count} {what}"


def _about_sums(campaign: Campaign, row: Distribution, recipients: list[_Row]) -> Iterator[str]:
    counted = Counter(one.outcome or one.state for one in recipients)
    stored = {"stopped": row.stopped_count, **{name: getattr(row, field) for name, field in COUNTED.items()}}
    if stored != {name: counted[name] for name in stored}:
        yield f"{row.id} counts {stored}, its recipients are {dict(counted)}"
    if not row.accepted_count == sum(stored.values()) + campaign.skipped == len(recipients) + row.skipped_count:
        yield f"{row.id} accepted {row.accepted_count}, that is not {stored} and {campaign.skipped} skipped"
    if row.responded_count != sum(one.has_responded for one in campaign.journeys):
        yield f"{row.id} counts {row.responded_count} responses"
    if row.duplicate_risk_count != campaign.duplicate_risks:
        yield f"{row.id} counts {row.duplicate_risk_count} duplicate risks, there were {campaign.duplicate_risks}"


def _about_the_forgotten(journey: Journey, row: _Row) -> Iterator[str]:
    """Whether somebody in whose way nothing stood has had all reminders, or thanks."""
    campaign, person = journey.campaign, journey.person
    is_untroubled = all(one.answer == "accepted" and not one.has_failed for one in journey.calls)
    is_open = not person.was_out and not person.house.once_closed.intersection(person.addresses.items())
    has_ends = campaign.is_cancelled or campaign.not_after is not None or campaign.expires_at is not None
    if row.outcome != "sent" or not is_untroubled or not is_open or has_ends:
        return
    if journey.has_responded:
        if any(one.channel in person.addresses for one in campaign.thanks) and journey.calls[-1].kind != "thanks":
            yield "it was not thanked"
    elif not was_held_back(person, journey):
        due = {number for number, one in enumerate(campaign.reminders, start=1) if one.channel in person.addresses}
        if due != {one.number for one in journey.calls if one.kind == "reminder"}:
            yield f"the reminders {due} were due"


def _about_end(journey: Journey, row: _Row, attempts: int) -> Iterator[str]:
    """Whether what is recorded of a journey is the truth."""
    calls, campaign, person = journey.calls, journey.campaign, journey.person
    arrived = [one for one in calls if one.has_arrived]
    if row.state == "stopped":
        # Who was stopped in doubt stays so, whatever is told of the message in doubt.
        arrived = [one for one in arrived if one.answer != "unknown"]
    # Whoever answers was reached, whatever is told of the message.
    if (row.outcome == "sent") != bool(arrived) and not journey.has_responded:
        yield f"{len(arrived)} messages arrived"
    if row.outcome == "failed" and not calls:
        yield "nothing was tried"
    if row.outcome == "indeterminate" and not any(one.answer == "unknown" for one in calls):
        yield "no answer was lost"
    counted = [one for one in calls if one.answer != "throttled" and not one.is_about_account]
    if len(counted) != attempts:
        yield f"{attempts} attempts are recorded of {len(counted)}"
    if row.state != "stopped":
        return
    causes = {
        "opted_out": person.was_out or bool(person.house.closed),
        "suppressed": bool(person.house.closed),
        "no_address": len(person.addresses) < 3,
        "throttled": was_held_back(person, journey) or journey.last_sent_at is not None,
        "frequency_rule": was_held_back(person, journey),
        "recently_contacted": was_held_back(person, journey),
        "expired": campaign.expires_at is not None,
        "too_late": campaign.not_after is not None,
        "cancelled": campaign.is_cancelled,
        "responded": journey.has_responded,
    }
    if not causes.get(row.reason, False):
        yield "there was no such cause"
