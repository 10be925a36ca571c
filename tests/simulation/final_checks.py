"""The final checks: every journey has ended, its record is true, and every count adds up."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from distributor.models import Attempt, Batch, Distribution, Handover, Recipient
from tests.simulation.oracle import failed_without_reason, was_held_back
from tests.simulation.world import Campaign, Journey

COUNTED = {"sent": "sent_count", "failed": "failed_count", "indeterminate": "indeterminate_count"}


class _Row(NamedTuple):
    """A journey as the product recorded it."""

    code: str
    pk: int
    state: str
    outcome: str
    reason: str


def check_end(campaigns: list[Campaign]) -> Iterator[str]:
    """Yield what is wrong, in sentences."""
    yield from _about_leftovers()
    rows = {row.id: row for row in Distribution.objects.all()}
    columns = Recipient.objects.values_list("code", "pk", "state", "outcome", "reason")
    recipients = {row[0]: _Row(*row) for row in columns.iterator()}
    attempts = Counter(Attempt.objects.values_list("recipient_id", flat=True))
    for campaign in campaigns:
        yield from _about_sums(campaign, rows[campaign.id], [recipients[journey.code] for journey in campaign.journeys])
        for journey in campaign.journeys:
            row = recipients[journey.code]
            for fault in (*_about_end(journey, row, attempts[row.pk]), *_about_missing(journey, row)):
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
    counted = Counter(recipient.outcome or recipient.state for recipient in recipients)
    stored = {"stopped": row.stopped_count, **{name: getattr(row, field) for name, field in COUNTED.items()}}
    if stored != {name: counted[name] for name in stored}:
        yield f"{row.id} counts {stored}, its recipients are {dict(counted)}"
    if not row.accepted_count == sum(stored.values()) + campaign.skipped == len(recipients) + row.skipped_count:
        yield f"{row.id} accepted {row.accepted_count}, that is not {stored} and {campaign.skipped} skipped"
    if row.responded_count != sum(journey.has_responded for journey in campaign.journeys):
        yield f"{row.id} counts {row.responded_count} responses"
    if row.duplicate_risk_count != campaign.duplicate_risks:
        yield f"{row.id} counts {row.duplicate_risk_count} duplicate risks, there were {campaign.duplicate_risks}"


def _about_missing(journey: Journey, row: _Row) -> Iterator[str]:
    """Whether a journey without troubles got all its reminders, or its thank-you."""
    campaign, person = journey.campaign, journey.person
    is_untroubled = all(call.answer == "accepted" and not call.has_failed for call in journey.calls)
    is_open = (
        journey.no_at is None
        and not person.was_opted_out
        and not person.tenant.once_closed.intersection(person.addresses.items())
    )
    has_ends = campaign.is_cancelled or campaign.not_after is not None or campaign.expires_at is not None
    if row.outcome != "sent" or not is_untroubled or not is_open or has_ends:
        return
    if journey.has_responded:
        if any(thanks.channel in person.addresses for thanks in campaign.thanks) and journey.calls[-1].kind != "thanks":
            yield "it was not thanked"
    elif not was_held_back(person, journey):
        due = {
            number
            for number, reminder in enumerate(campaign.reminders, start=1)
            if reminder.channel in person.addresses
        }
        if due != {call.number for call in journey.calls if call.kind == "reminder"}:
            yield f"the reminders {due} were due"


def _about_end(journey: Journey, row: _Row, attempts: int) -> Iterator[str]:
    """Whether the record of a journey is true."""
    calls, campaign, person = journey.calls, journey.campaign, journey.person
    arrived = [call for call in calls if call.has_arrived]
    if row.state == "stopped":
        # A stopped journey stays stopped, whatever is reported of a message of unknown outcome.
        arrived = [call for call in arrived if call.answer != "unknown"]
    # A recipient who responds was reached, whatever is reported of the message.
    if (row.outcome == "sent") != bool(arrived) and not journey.has_responded:
        yield f"{len(arrived)} messages arrived"
    if row.outcome == "failed" and not calls:
        yield "nothing was tried"
    if row.outcome == "failed":
        for what in failed_without_reason(journey):
            yield f"it failed for reasons of a provider: {what}"
    if row.outcome == "indeterminate" and not any(call.answer == "unknown" for call in calls):
        yield "no response was lost"
    counted = [call for call in calls if call.answer != "throttled" and not call.is_about_account]
    # A message that fails again while others leave fails alone: then it is an attempt, whatever it was told.
    if not len(counted) <= attempts <= len(calls):
        yield f"{attempts} attempts are recorded of {len(counted)} to {len(calls)}"
    if row.state != "stopped":
        return
    causes = {
        "opted_out": person.was_opted_out or journey.no_at is not None or bool(person.tenant.closed),
        "erased": person.is_erased,
        "suppressed": bool(person.tenant.closed),
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
