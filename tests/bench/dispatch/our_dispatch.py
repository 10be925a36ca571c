"""Messages per second of the product to a provider that does nothing: accepted over HTTP, sent by real workers."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db.models import Max, Min, QuerySet

from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Handover, Recipient
from distributor.models.attempt import AttemptState
from distributor.models.batch import BatchState, Lane
from distributor.models.recipient import RecipientOutcome
from tests.bench.acceptance.rates import DOORS
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.processes import running, wait_until, worker_command
from tests.bench.stage.servers import empty_broker
from tests.bench.stage.web import web_server

ACCEPTANCE_LIMIT_SECONDS = 180.0
DRAIN_LIMIT_SECONDS = 180.0
A_YEAR = timedelta(days=365)


def drain_ours(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> float:
    """(g) Return messages/s from the first hand-over to the last settled one, by the database's clock.

    Raises RuntimeError unless every recipient was sent to, once.
    """
    accepted = accept_calls(stage, supply, count // CALL_SIZE, logs / "web-for-dispatch.log")
    settle_disk()
    with running(worker_command(",".join([*Lane.values, "system"])), {}, logs / "our-worker.log") as check:
        wait_until_drained(check)
    require_all_sent(accepted)
    return settled_per_second(accepted)


def settled_per_second(accepted: QuerySet[Recipient]) -> float:
    """Return messages/s from the first hand-over of these recipients to the last settled one."""
    handovers = Handover.objects.filter(batch__distribution_id__in=accepted.values("distribution_id"))
    span = handovers.aggregate(first=Min("begun_at"), last=Max("settled_at"))
    seconds: float = (span["last"] - span["first"]).total_seconds()
    return accepted.count() / seconds


def accept_calls(stage: Stage, supply: ContactSupply, call_count: int, log: Path) -> QuerySet[Recipient]:
    """Accept calls and return their recipients, which are due now. Everything else that waits is deferred by a year."""
    Batch.objects.filter(state=BatchState.WAITING).update(due_at=database_now() + A_YEAR)
    empty_broker(os.environ["REDIS_URL"])
    last_id = Recipient.objects.aggregate(last=Max("id"))["last"] or 0
    with web_server(stage, log) as web:
        bodies = web.bodies(supply, call_count, CALL_SIZE, new_share=0.0)
        web.send(DOORS["c"].prefix, bodies, ACCEPTANCE_LIMIT_SECONDS)
    accepted = Recipient.objects.filter(id__gt=last_id)
    if accepted.count() != call_count * CALL_SIZE:
        raise RuntimeError(f"{call_count} calls of {CALL_SIZE} contacts left {accepted.count()} recipients")
    return accepted


def wait_until_drained(check: Callable[[], None], limit_seconds: float = DRAIN_LIMIT_SECONDS) -> None:
    """Wait until nothing is left but what accept_calls() has deferred. Calls `check` meanwhile.

    Raises TimeoutError, which says what is left and why, or whatever `check` raises.
    """
    try:
        wait_until(lambda: not _left().exists(), check, limit_seconds)
    except TimeoutError as error:
        reasons = _left().values_list("lane", "last_error", "lease_expires_at", "due_at").order_by("due_at")
        raise TimeoutError(f"{error}; {_left().count()} batches are left, the first are {list(reasons[:5])}") from None


def _left() -> QuerySet[Batch]:
    return Batch.objects.filter(state=BatchState.WAITING, due_at__lte=database_now() + A_YEAR / 2)


def require_all_sent(accepted: QuerySet[Recipient]) -> None:
    """Raise RuntimeError unless each of these recipients was sent to, once."""
    sent = accepted.filter(outcome=RecipientOutcome.SENT).count()
    attempts = Attempt.objects.filter(state=AttemptState.SENT, recipient_id__in=accepted.values("id")).count()
    if not sent == attempts == accepted.count():
        raise RuntimeError(f"of {accepted.count()} recipients {sent} were sent to, in {attempts} attempts")
