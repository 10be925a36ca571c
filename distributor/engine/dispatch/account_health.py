"""What a provider's results say of the account itself, kept for all workers."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from channels.buckets import BECAUSE_LENGTH, break_account, mend_account, pause_account
from channels.providers.base import Outcome, Result, Scope
from distributor.engine.dispatch.handover import Begun
from distributor.engine.infrastructure.sql_params import storable
from distributor.engine.route.step_context import StepContext
from distributor.engine.route.waiting_batches import make_batches_due
from distributor.rules.journey.retry import throttle_pause
from distributor.rules.timing.timetable import round_up

logger = structlog.get_logger(__name__)


def update_account_health(context: StepContext, begun: Begun, results: Sequence[Result], now: datetime) -> bool:
    """Pause, break or mend the account that a hand-over went to. Returns whether the route is out of date by that."""
    fault = next((result for result in results if breaks_account(context, result)), None)
    if fault is not None:
        because = " ".join(filter(None, (fault.code, fault.detail)))
        logger.warning("breaker_opened", account=str(begun.account_id), because=because)
        break_account(begun.account_id, storable(because, BECAUSE_LENGTH), now)
        return True
    is_mended = begun.is_probe and any(result.outcome is Outcome.ACCEPTED for result in results)
    if is_mended:
        logger.info("breaker_closed", account=str(begun.account_id))
        mend_account(begun.account_id)
        make_batches_due(begun.account_id, now)
    pauses = [throttle_pause(result.retry_after_seconds) for result in results if pauses_account(result)]
    if pauses:
        pause_account(begun.account_id, round_up(now + max(pauses)))
    return is_mended or bool(pauses)


def breaks_account(context: StepContext, result: Result) -> bool:
    """A sender that only this step uses is no fault of the account: others go on, and this step's messages wait."""
    if result.outcome is not Outcome.PERMANENT:
        return False
    return result.scope is Scope.ACCOUNT or (result.scope is Scope.SENDER and not context.step.from_email)


def pauses_account(result: Result) -> bool:
    """Zero seconds are no pause: the provider asks for none, only our own time for the batch was up."""
    return result.outcome is Outcome.THROTTLED and result.retry_after_seconds != 0
