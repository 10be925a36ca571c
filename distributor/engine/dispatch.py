"""Dispatch: claim → begin → hand over → settle, until nothing is due.

No transaction and no lock is held while a provider is called.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from django.db import connection, transaction

from channels.providers.base import Message, Outcome, Provider, Result, Scope
from channels.providers.registry import open_provider
from distributor.engine.beginning import Begun, ClaimLost, begin
from distributor.engine.claiming import Claim, claim_batch
from distributor.engine.heeding import heed
from distributor.engine.holding import hold_if_shut
from distributor.engine.messages import write_message
from distributor.engine.outlets import Held
from distributor.engine.recovery import recover_handovers, release_failed_claim
from distributor.engine.routes import Route, open_route
from distributor.engine.settling import settle

logger = structlog.get_logger(__name__)

# How long one hint keeps a worker: long enough to be cheap, short enough for other lanes to get their turn.
SLICE_SECONDS = 1.0

_CLOSE_BATCH = """
UPDATE distributor_batch SET
    lease_expires_at = NULL,
    state = CASE WHEN NOT EXISTS (
        SELECT FROM distributor_recipient WHERE batch_id = %(id)s AND state = 'waiting'
    ) THEN 'done' ELSE state END
WHERE id = %(id)s AND fence = %(fence)s
"""


def dispatch_lane(lane: str, clock: Callable[[], datetime]) -> bool:
    """Work off a lane's due batches for one slice of time. Returns whether there may be more to do."""
    ends_at = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends_at:
        claim = claim_batch(lane, clock())
        if claim is None:
            return False
        try:
            deliver(claim, clock, lambda: time.monotonic() >= ends_at)
        except ClaimLost:
            logger.warning("claim_lost", batch=str(claim.batch_id), fence=claim.fence)
        except Exception as error:
            logger.exception("batch_failed", batch=str(claim.batch_id), claims=claim.claims)
            release_failed_claim(claim, error, clock())
    return True


def deliver(claim: Claim, clock: Callable[[], datetime], is_over: Callable[[], bool]) -> None:
    """Hand a batch's people over, one provider call after the other; what is left when time is up waits on."""
    route = open_route(claim.distribution_id, claim.step_id)
    recover_handovers(claim, route, clock())
    now = clock()
    if hold_if_shut(claim, route, now):
        return
    limit = max(outlet.capacity(now) for outlet in route.outlets)
    while begun := begin(claim, route, limit, clock()):
        if isinstance(begun, Held):
            return
        way = route.through(begun.account_id)
        results = hand_over(way, open_provider(way.provider_kind, way.account), begun)
        is_out_of_date = heed(way, begun, results, clock())
        settle(claim, way, begun, results, clock())
        if is_out_of_date or is_over():
            break
    close_batch(claim)


def hand_over(route: Route, provider: Provider, begun: Begun) -> Sequence[Result]:
    """Call the provider; one result per person. A message that cannot be written fails alone."""
    written: dict[int, Message] = {}
    failed: dict[int, Result] = {}
    for person in begun.people:
        try:
            written[person.recipient_id] = write_message(route, person, provider.value_keys)
        except Exception as error:
            logger.exception("message_not_written", recipient=person.recipient_id)
            failed[person.recipient_id] = Result(Outcome.PERMANENT, detail=repr(error), scope=Scope.CONTENT)
    sent = dict(zip(written, _send(provider, list(written.values())), strict=True))
    return [failed.get(person.recipient_id) or sent[person.recipient_id] for person in begun.people]


def _send(provider: Provider, messages: Sequence[Message]) -> Sequence[Result]:
    """The provider's results. Whatever it does not say is unknown."""
    try:
        results = provider.send_batch(messages) if messages else []
    except Exception as error:
        logger.exception("provider_broke_its_contract", provider=provider.label)
        return [Result(Outcome.UNKNOWN, detail=repr(error))] * len(messages)
    if len(results) != len(messages):
        logger.error("provider_broke_its_contract", provider=provider.label, results=len(results))
        return [Result(Outcome.UNKNOWN, detail="the provider answered for another number of messages")] * len(messages)
    return results


def close_batch(claim: Claim) -> None:
    """Let go of a batch: done, unless somebody in it still waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLOSE_BATCH, {"id": claim.batch_id, "fence": claim.fence})
