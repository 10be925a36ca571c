"""Messages per second of the product through its provider modules, to a stand-in that is slow and fails."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db.models import QuerySet, Sum

from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Decision, Distribution, Recipient
from distributor.models.attempt import AttemptState
from distributor.models.batch import BatchState, Lane
from distributor.models.recipient import RecipientOutcome, RecipientState
from tests.bench.dispatch.our_dispatch import accept_calls, settled_per_second, wait_until_drained
from tests.bench.stage.accounts import at_sendgrid, at_twilio
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.processes import beat_command, running, worker_command
from tests.bench.stage.stand_ins import Record, measure_ceiling, peer_running
from tests.support.standins.server import Fault

LATENCY_SECONDS = 0.05
RESET_IN_SECONDS = 2  # What a 429 asks for.
TROUBLE: Mapping[Fault, float] = {
    Fault.THROTTLED: 0.02,
    Fault.LOST_ANSWER: 0.01,
    Fault.RESET_BEFORE: 0.005,
    Fault.RESET_AFTER: 0.005,
}
SENDGRID: Mapping[str, Any] = {
    "latency_seconds": LATENCY_SECONDS,
    "shares": TROUBLE,
    "reset_in_seconds": RESET_IN_SECONDS,
}
# The product sends 20,000 e-mails in 20 requests, too few to draw these faults. So each fault comes once among the
# first requests, which is more than its share; later faults are drawn.
OUR_TROUBLE: Sequence[Fault | None] = [planned for fault in TROUBLE for planned in (None, None, fault, None)]
DRAIN_LIMIT_SECONDS = 300.0
CEILING_REQUESTS = {"sendgrid": 40, "twilio": 4_000}
# Twilio accepts no callback URL whose host has no dot.
ENVIRONMENT = {"PUBLIC_BASE_URL": "https://surveys.example"}


def measure_emails(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(h) Return the figures of `_judge` for a SendGrid with faults."""
    with peer_running("sendgrid", OUR_TROUBLE, **SENDGRID) as peer:
        accepted = accept_calls(at_sendgrid(stage, peer.url), supply, count // CALL_SIZE, logs / "web-for-sendgrid.log")
        _drain(logs, "sendgrid")
        record = peer.record()
    return _judge("sendgrid", accepted, record)


def measure_texts(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(i) Return the figures of `_judge` for a slow Twilio."""
    with peer_running("twilio", latency_seconds=LATENCY_SECONDS) as peer:
        accepted = accept_calls(at_twilio(stage, peer.url), supply, count // CALL_SIZE, logs / "web-for-twilio.log")
        _drain(logs, "twilio")
        record = peer.record()
    return _judge("twilio", accepted, record)


def _drain(logs: Path, kind: str) -> None:
    """Run workers and beat until nothing waits. Beat brings back recipients who wait for a retry."""
    settle_disk()
    worker = worker_command(",".join([*Lane.values, "system"]))
    beat = beat_command(logs / "beat-schedule")
    with (
        running(beat, {}, logs / f"beat-for-{kind}.log") as check_beat,
        running(worker, ENVIRONMENT, logs / f"worker-for-{kind}.log") as check_worker,
    ):

        def check() -> None:
            check_beat()
            check_worker()
            _end_waits_for_evidence()

        wait_until_drained(check, DRAIN_LIMIT_SECONDS)


def _end_waits_for_evidence() -> None:
    """End the evidence window of 15 minutes at once: no provider reports anything here."""
    awaited = Decision.objects.filter(reason="awaiting_evidence")
    Batch.objects.filter(state=BatchState.WAITING, due_at__in=awaited.values("until")).update(due_at=database_now())


def _judge(kind: str, accepted: QuerySet[Recipient], record: Record) -> dict[str, float]:
    """Return messages/s from the first hand-over to the last settled one, by the database's clock, and the outcomes."""
    distributions = accepted.values("distribution_id")
    risk = Distribution.objects.filter(id__in=distributions).aggregate(sum=Sum("duplicate_risk_count"))["sum"]
    _require_true_outcomes("contact__email" if kind == "sendgrid" else "contact__phone", accepted, record, risk)
    if record.last_request is None:
        raise RuntimeError("the stand-in got no request")
    counts = {each: accepted.filter(outcome=each).count() for each in RecipientOutcome.values}
    return {
        "messages_per_second": settled_per_second(accepted),
        "messages": accepted.count(),
        **counts,
        "got_two": record.doubles,
        "duplicate_risk": risk,
        "requests": record.requests,
        "troubled_requests": sum(record.faults.values()),
        "stand_in_messages_per_second": measure_ceiling(kind, record.last_request, CEILING_REQUESTS[kind]),
    }


def _require_true_outcomes(address: str, accepted: QuerySet[Recipient], record: Record, risk: int) -> None:
    """Check the outcomes against the stand-in's record.

    Raises RuntimeError unless every journey has ended, every recipient counted as sent is in the record, and every
    duplicate in the record was counted as a risk.
    """
    waiting = accepted.filter(state=RecipientState.WAITING).count()
    sent = set(accepted.filter(outcome=RecipientOutcome.SENT).values_list(address, flat=True))
    in_doubt = Attempt.objects.filter(recipient_id__in=accepted.values("id"), state=AttemptState.UNKNOWN)
    at_risk = set(accepted.filter(id__in=in_doubt.values("recipient_id")).values_list(address, flat=True))
    got_two = {to for to, copies in record.copies.items() if copies > 1}
    missing, uncounted = sent - record.copies.keys(), got_two - at_risk
    if waiting or missing or uncounted or record.doubles > risk:
        raise RuntimeError(
            f"{waiting} still wait, {len(missing)} count as sent to and were not, {len(uncounted)} got two uncounted, "
            f"{record.doubles} second copies at a duplicate risk of {risk}"
        )
