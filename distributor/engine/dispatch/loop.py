"""Dispatch: claim → begin → hand over → settle, until nothing is due.

No transaction or lock is held while a provider is called.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from channels.providers.base import Outcome
from channels.providers.registry import open_provider
from distributor.engine.dispatch.account_health import record_scores, update_account_health
from distributor.engine.dispatch.begin import begin
from distributor.engine.dispatch.claim import Claim, ClaimLostError, claim_batch, close_batch
from distributor.engine.dispatch.handover import hand_over, journal_line
from distributor.engine.dispatch.park import park_if_unavailable
from distributor.engine.dispatch.recover import recover_handovers, release_failed_claim
from distributor.engine.dispatch.repeat import read_repeated
from distributor.engine.dispatch.settle import settle
from distributor.engine.dispatch.slots import give_way, occupy_worker, remember_call
from distributor.engine.infrastructure import tracing
from distributor.engine.infrastructure.chunked_job import SLICE_SECONDS
from distributor.engine.infrastructure.wakeups import wake_another
from distributor.engine.journal.files import is_journal_kept
from distributor.engine.journal.write import write_to_journal
from distributor.engine.route.accounts import Hold
from distributor.engine.route.step_context import StepContext, load_step_context

logger = structlog.get_logger(__name__)
# A worker that is idle takes a wake-up within milliseconds.
IDLE_WITHIN: Final = timedelta(seconds=1)

# Retries and fallbacks of the first hour belong to the trace of the call.
_TRACED_FOR: Final = timedelta(hours=1)


def dispatch_lane(lane: str, clock: Callable[[], datetime]) -> bool:
    """Dispatch a lane's due batches for one time slice. Returns whether there may be more to do.

    With each claim it wakes another worker if the lane has more, so all are at work as soon as one has told the next.
    A wake-up that finds nobody idle is void after a second, so that they do not pile up.
    """
    ends_at = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends_at:
        now = clock()
        claim = claim_batch(lane, now)
        if claim is None:
            return False
        if claim.has_more:
            wake_another(lane, now + IDLE_WITHIN)
        try:
            dispatch_batch(claim, clock, lambda: time.monotonic() >= ends_at)
        except ClaimLostError:
            logger.warning("claim_lost", batch=str(claim.batch_id), fence=claim.fence)
        except Exception as error:
            logger.exception("batch_failed", batch=str(claim.batch_id), claims=claim.claims)
            release_failed_claim(claim, error, clock())
    return True


def dispatch_batch(claim: Claim, clock: Callable[[], datetime], is_time_up: Callable[[], bool]) -> None:
    """Hand a batch's people over, one provider call after another. People left when time is up keep waiting."""
    context = load_step_context(claim.distribution_id, claim.step_id)
    with tracing.span("dispatch batch", "consumer", parent=_trace_of(context, clock), distributor__lane=claim.lane):
        _dispatch_batch(claim, context, clock, is_time_up)


def _trace_of(context: StepContext, clock: Callable[[], datetime]) -> str:
    """Return the trace of the call that accepted the distribution. Messages of later days have traces of their own."""
    parent = context.distribution.traceparent
    is_continued = tracing.is_tracing() and parent and clock() - context.distribution.created_at < _TRACED_FOR
    return parent if is_continued else ""


def _dispatch_batch(
    claim: Claim, context: StepContext, clock: Callable[[], datetime], is_time_up: Callable[[], bool]
) -> None:
    now = clock()
    if recover_handovers(claim, context, now):
        now = clock()
    if park_if_unavailable(claim, context, now):
        return
    with occupy_worker(claim, context, clock) as may_call:
        if may_call:
            _dispatch_people(claim, context, now, clock, is_time_up)
        else:
            give_way(claim, now)


def _dispatch_people(
    claim: Claim, context: StepContext, now: datetime, clock: Callable[[], datetime], is_time_up: Callable[[], bool]
) -> None:
    """Hand over, call after call, until nobody is due or the time is up. `now` is from just before."""
    limit = max(option.capacity(now) for option in context.account_options)
    while begun := begin(claim, context, limit, now):
        if isinstance(begun, Hold):
            return
        account_context = context.with_account(begun.account_id)
        if is_journal_kept():
            write_to_journal(journal_line(claim, account_context, begun))
        provider = open_provider(account_context.provider_kind, account_context.account)
        called_at = time.monotonic()
        with tracing.span(f"send by {context.step.channel}", "client") as span:
            span.set(distributor__provider=account_context.provider_kind, distributor__messages=len(begun.people))
            results = hand_over(account_context, provider, begun)
            span.set(distributor__accepted=sum(result.outcome is Outcome.ACCEPTED for result in results))
        answer_seconds = time.monotonic() - called_at
        if not context.distribution.is_test:
            remember_call(begun.account_id, answer_seconds)
        now = clock()
        results, health = update_account_health(account_context, begun, results, now)
        results = read_repeated(begun, results)
        nobody_waits = len(begun.people) >= claim.size
        is_last = nobody_waits or health.is_context_outdated or is_time_up()
        settle(claim, account_context, begun, results, now, health, answer_seconds, closes_batch=is_last)
        record_scores(account_context, begun, results, now)
        if is_last:
            return
        now = clock()
    close_batch(claim)
