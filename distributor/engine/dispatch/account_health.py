"""Account health: what the results of a hand-over change in the state of its account, for all workers.

The rules are channels/account_state/evidence.py (what the results say) and channels/account_state/breaker.py (what
follows for the account).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import random

import structlog
from django.db import transaction

from channels.account_state.buckets import record_call
from channels.account_state.evidence import BECAUSE_LENGTH, Evidence, Finding, may_concern_account
from channels.account_state.rate_limit import Bucket
from channels.account_state.refused_senders import hold_sender, release_sender
from channels.providers.base import Outcome, Result, Scope
from distributor.engine.dispatch.handover import Begun
from distributor.engine.infrastructure.sql_params import storable
from distributor.engine.outbox.breaker import tell_breaker
from distributor.engine.route.steering import record_results
from distributor.engine.route.step_context import StepContext
from distributor.engine.route.waiting_batches import make_batches_due, make_next_batch_due

logger = structlog.get_logger(__name__)

# A call that refuses at least so many messages for their content, and takes none, is reported.
REPORTED_REFUSALS = 5
# A batch that broke or paused an account asks for it so long after it may be used again: others go first. Otherwise one
# message that a provider never takes is every probe, and keeps the account from all others.
LETS_OTHERS_FIRST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """An account's state after a hand-over, as far as its people need to know.

    `failing_since` is since when the account has not worked; None: it works. `held_until` is when it may be used again.
    `asks_again_at` is when people whose message broke or paused it ask for it again; None: at once.
    """

    is_context_outdated: bool = False
    failing_since: datetime | None = None
    held_until: datetime | None = None
    asks_again_at: datetime | None = None


WORKS = AccountHealth()


def update_account_health(
    context: StepContext, begun: Begun, results: Sequence[Result], now: datetime
) -> tuple[Sequence[Result], AccountHealth]:
    """Pause, break or mend the account that a hand-over went to, and hold back a sender that it refuses.

    Returns the results with every doubt about the account decided, and the account's state.
    """
    option = context.account_option
    _report_refused_content(context, begun, results)
    sender_since = None
    if context.step.from_email:
        if (refusal := next((result for result in results if result.scope is Scope.SENDER), None)) is not None:
            sender_since = _hold_sender(context, begun, refusal, now)
        elif option.refused_sender is not None and any(result.outcome is Outcome.ACCEPTED for result in results):
            _release_sender(context, begun, now)
    else:
        # The account's own sender is refused: as good as the account.
        results = [replace(each, scope=Scope.ACCOUNT) if each.scope is Scope.SENDER else each for each in results]
    is_untroubled = not option.bucket.is_in_trouble and not any(map(may_concern_account, results))
    if is_untroubled:
        is_sender_in_trouble = sender_since is not None or option.refused_sender is not None
        return results, AccountHealth(is_context_outdated=is_sender_in_trouble, failing_since=sender_since)
    with transaction.atomic():
        weighed, evidence, before, after = record_call(
            begun.account_id,
            [person.recipient_id for person in begun.people],
            [replace(each, code=storable(each.code, 63), detail=storable(each.detail, 500)) for each in results],
            is_probe=begun.is_probe,
            now=now,
            jitter=random(),  # noqa: S311  it spreads load and keeps no secret
        )
        tell_breaker(
            context.distribution.organization_id, begun.account_id, before.broken_because, after.broken_because
        )
    _log_change(begun, evidence, before, after)
    if before.broken_because and not after.broken_because:
        make_batches_due(begun.account_id, now)
    elif after.broken_because and begun.is_probe:
        make_next_batch_due(begun.account_id, now)
    pause_ends = after.paused_until if after.is_paused(now) else None
    held_until = after.probe_at if after.broken_because else pause_ends
    return weighed, AccountHealth(
        True, sender_since or after.failing_since, held_until, _asks_again_at(context, begun, after, held_until)
    )


def _asks_again_at(context: StepContext, begun: Begun, after: Bucket, held_until: datetime | None) -> datetime | None:
    """Return when people of the hand-over ask again for an account that it broke. At once if there is another one.

    The same of a single person whose message paused the account: a message that is never taken would always be the
    first after the pause, and pause it again for all others, for twice as long.
    """
    has_other = any(option.is_active and option.account.id != begun.account_id for option in context.account_options)
    may_be_its_message = bool(after.broken_because) or len(begun.people) == 1
    if has_other or held_until is None or not may_be_its_message:
        return None
    return held_until + LETS_OTHERS_FIRST


def record_scores(context: StepContext, begun: Begun, results: Sequence[Result], answered_at: datetime) -> None:
    """Count the results for the share of an account that shares messages by weight.

    Probes are the breaker's. Repeats were counted when they were first handed over, which may be hours ago. After
    settling, and in a statement of its own: a lost count costs nothing, and no lock is held meanwhile.
    """
    if not begun.is_probe and not begun.is_repeat:
        seconds = (answered_at - begun.begun_at).total_seconds()
        record_results(context.account_option, context.step.channel, begun.people, results, seconds, answered_at)


def _hold_sender(context: StepContext, begun: Begun, refusal: Result, now: datetime) -> datetime:
    """Hold back the sender that only this step uses. Other steps keep using the account. Returns since when."""
    because = storable(" ".join(filter(None, (refusal.code, refusal.detail))), BECAUSE_LENGTH)
    since, is_new = hold_sender(begun.account_id, context.sender.email, because, now)
    if is_new:
        logger.warning("sender_refused", account=str(begun.account_id), sender=context.sender.email, reason=because)
    return since


def _release_sender(context: StepContext, begun: Begun, now: datetime) -> None:
    if release_sender(begun.account_id, context.sender.email):
        logger.info("sender_accepted", account=str(begun.account_id), sender=context.sender.email)
        make_batches_due(begun.account_id, now)


def _log_change(begun: Begun, evidence: Evidence, before: Bucket, after: Bucket) -> None:
    account = str(begun.account_id)
    if after.broken_because and not before.broken_because:
        logger.warning("breaker_opened", account=account, reason=after.broken_because)
    elif before.broken_because and not after.broken_because:
        logger.info("breaker_closed", account=account)
    elif after.failures > before.failures:
        logger.warning("account_failing", account=account, failures=after.failures, reason=evidence.because)
    if evidence.finding is Finding.THROTTLED and after.paused_until != before.paused_until:
        logger.info("account_paused", account=account, until=str(after.paused_until), reason=evidence.because)


def _report_refused_content(context: StepContext, begun: Begun, results: Sequence[Result]) -> None:
    """Report a call whose messages were all refused for their content: the template or the sender looks like spam."""
    refused = [each for each in results if each.outcome is Outcome.PERMANENT and each.scope is Scope.CONTENT]
    if len(refused) == len(results) >= REPORTED_REFUSALS:
        logger.error(
            "content_refused",
            account=str(begun.account_id),
            template=str(context.step.template_id),
            messages=len(refused),
            reason=refused[0].detail,
        )
