"""Contacts to send to, workers that send, and the outcome for each recipient."""

from datetime import datetime

from typing_extensions import Unpack

from channels.models import Pace, ProviderAccount, RefusedSender, SandboxMessage
from contacts.contact_fields import ContactFields
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.follow_up.add import arm_next_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.manual_retry.start import run_next_chunk
from distributor.engine.reports.timeline import Timeline, timelines_of
from distributor.models import Attempt, Batch, Distribution, Recipient, Step
from distributor.models.batch import Lane


def given(number: int, **fields: Unpack[ContactFields]) -> ContactFields:
    known: ContactFields = {
        "external_id": f"PAT-{number}",
        "email": f"person{number}@example.com",
        "phone": f"+486000{number:05}",
        "first_name": f"Person {number}",
        "embedded_data": {"department": "Cardiology"},
    }
    return {**known, **fields}


def messages() -> list[str]:
    """Kind and channel of each attempt that may have reached the recipient, in the order of time."""
    kinds = dict(Step.objects.values_list("id", "kind"))
    attempts = Attempt.objects.order_by("begun_at", "recipient_id").exclude(state="failed")
    return [f"{kinds[attempt.step_id]} {attempt.channel}" for attempt in attempts]


def channels_used() -> list[str]:
    """The channels of the messages that the sandbox received, in the order of sending."""
    return list(SandboxMessage.objects.order_by("id").values_list("channel", flat=True))


def dispatch() -> None:
    """Send everything that is due."""
    for lane in Lane:
        while dispatch_lane(lane, database_now):
            pass


def dispatch_at(moment: datetime) -> None:
    """Send everything that is due at the given time. The clock stands still meanwhile."""
    for lane in Lane:
        while dispatch_lane(lane, lambda: moment):
            pass


def arm_follow_ups() -> None:
    """Let recipients wait for the reminders and thank-yous that were added to their distributions."""
    while arm_next_chunk(database_now()):
        pass


def run_retries() -> None:
    """Carry out the manual retries that were asked for."""
    while run_next_chunk(database_now()):
        pass


def make_due() -> None:
    """Make everything that waits due now, and let all leases and pauses expire."""
    now = database_now()
    Distribution.objects.filter(scheduled_at__gt=now).update(scheduled_at=now)
    Pace.objects.update(paused_until=now, probe_at=now)
    RefusedSender.objects.update(probe_at=now)
    Batch.objects.filter(state="waiting").update(due_at=now)
    Batch.objects.exclude(lease_expires_at=None).update(lease_expires_at=now)


def timeline_of(accepted: Accepted, place: int = 0) -> Timeline:
    code = accepted.recipients[place].code
    return timelines_of(list(Recipient.objects.filter(code=code).select_related("contact")))[0]


def events_of(accepted: Accepted, place: int = 0) -> list[str]:
    return [event.kind for event in timeline_of(accepted, place).events]


def totals_of(accepted: Accepted) -> dict[str, int]:
    """Return the counts that are not zero, after checking them against the rows."""
    distribution = Distribution.objects.get(id=accepted.distribution.id)
    rows = list(Recipient.objects.filter(distribution=distribution).values_list("state", "outcome"))
    named = {
        "waiting": distribution.waiting_count,
        "sent": distribution.sent_count,
        "failed": distribution.failed_count,
        "indeterminate": distribution.indeterminate_count,
        "stopped": distribution.stopped_count,
    }
    counted = {name: sum(name in (state, outcome) for state, outcome in rows) for name in named}
    assert named == counted
    assert distribution.accepted_count == distribution.skipped_count + len(rows)
    reached = Recipient.objects.filter(distribution=distribution, first_sent_at__isnull=False)
    assert distribution.reached_count == reached.count()
    extra = {"skipped": distribution.skipped_count, "duplicate_risk": distribution.duplicate_risk_count}
    return {name: count for name, count in (named | extra).items() if count}


def fail_addresses(account: ProviderAccount, **addresses: str) -> None:
    """Make the sandbox fail for person0, person1 …: `fail_addresses(account, person1="transient")`."""
    failures = {f"{name}@example.com": outcome for name, outcome in addresses.items()}
    if account.channel != "email":
        failures = {f"+486000{int(name.removeprefix('person')):05}": outcome for name, outcome in addresses.items()}
    ProviderAccount.objects.filter(id=account.id).update(configuration={"failAddresses": failures})
