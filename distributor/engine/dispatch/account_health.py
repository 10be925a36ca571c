"""Account health: pause, break or mend a provider account, for all workers, after the results of a hand-over."""

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
    """Pause, break or mend the account that a hand-over went to. Returns whether that outdates the step's context."""
    fault = next((result for result in results if breaks_account(context, result)), None)
    if fault is not None:
        because = " ".join(filter(None, (fault.code, fault.detail)))
        logger.warning("breaker_opened", account=str(begun.account_id), reason=because)
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
    """Return whether the result opens the account's breaker.

    A refused sender does so only if it is the account's own. A sender that only this step uses is the step's fault:
    its messages wait, while other steps keep using the account.
    """
    if result.outcome is not Outcome.PERMANENT:
        return False
    return result.scope is Scope.ACCOUNT or (result.scope is Scope.SENDER and not context.step.from_email)


def pauses_account(result: Result) -> bool:
    """Return whether the result pauses the account.

    `retry_after_seconds` of 0 is no pause: the provider asked for none, and only our own time for the batch was up.
    """
    return result.outcome is Outcome.THROTTLED and result.retry_after_seconds != 0
