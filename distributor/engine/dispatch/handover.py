"""Hand-over: first written and committed, then made. No transaction or lock is held while the provider is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from channels.models import OnMissingValue
from channels.providers.base import Message, Outcome, Provider, Result, Scope, one_line
from contacts.ids import new_id
from distributor.engine.dispatch.claim import Claim
from distributor.engine.dispatch.messages import write_message
from distributor.engine.dispatch.text_segments import count_text_segments, refuse_long_text
from distributor.engine.infrastructure.quotas import GRANT, quota_of
from distributor.engine.infrastructure.sql_params import array_of
from distributor.engine.journal.lines import JournalledAttempt, JournalLine, prove_code
from distributor.engine.journey.attempts import attempt_ids
from distributor.engine.journey.frequency_slots import reserve_slots
from distributor.engine.journey.people import Person
from distributor.engine.route.accounts import Allowance
from distributor.engine.route.message_values import missing_values
from distributor.engine.route.step_context import StepContext

logger = structlog.get_logger(__name__)

_INSERT_HANDOVER = """
INSERT INTO distributor_handover (id, batch_id, fence, provider_account_id, recipient_ids, begun_at)
VALUES (%s, %s, %s, %s, %s::bigint[], %s)
"""
# The same for as many of the people as the day's quota leaves.
_INSERT_COUNTED = f"""
WITH counted AS ({GRANT})
INSERT INTO distributor_handover (id, batch_id, fence, provider_account_id, recipient_ids, begun_at)
SELECT %(id)s, %(batch_id)s, %(fence)s, %(account_id)s, (%(recipient_ids)s::bigint[])[1:granted], %(begun_at)s
FROM counted WHERE granted > 0 RETURNING cardinality(recipient_ids)
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A hand-over that is written but not yet settled, with its people."""

    handover_id: UUID
    begun_at: datetime
    people: Sequence[Person]
    account_id: UUID
    is_probe: bool = False
    is_repeat: bool = False  # these very attempts were begun before, at `begun_at` (dispatch/repeat.py)
    # What hand_over() filled into each message, by recipient. Its attempt keeps some of it.
    values: dict[int, Mapping[str, str]] = field(default_factory=dict)


def write_handover(
    claim: Claim,
    context: StepContext,
    people: Sequence[Person],
    allowance: Allowance,
    begun_at: datetime,
    *,
    is_repeat: bool = False,
) -> Begun | None:
    """Reserve the people's frequency slots and write the hand-over, in the caller's transaction.

    The caller commits it before the provider is called. If the worker then crashes, the unsettled hand-over shows it.
    A repeat has its slots already, and was counted. With a daily quota, as many people are taken as it leaves; None if
    it leaves none.
    """
    handover_id, account_id = new_id(), allowance.option.account.id
    is_test = context.distribution.is_test
    quota = (
        None if is_repeat or is_test else quota_of(context.distribution.organization, context.step.channel, begun_at)
    )
    with connection.cursor() as cursor:
        recipient_ids = array_of(person.recipient_id for person in people)
        if quota is None:
            parameters: list[Any] = [handover_id, claim.batch_id, claim.fence, account_id, recipient_ids, begun_at]
            cursor.execute(_INSERT_HANDOVER, parameters)
        else:
            columns = {"id": handover_id, "batch_id": claim.batch_id, "fence": claim.fence, "account_id": account_id}
            columns |= {"recipient_ids": recipient_ids, "begun_at": begun_at}
            cursor.execute(_INSERT_COUNTED, quota.parameters(len(people)) | columns)
            row = cursor.fetchone()
            if row is None:
                return None
            people = people[: row[0]]
    if not is_repeat and not is_test:
        reserve_slots(context.distribution.survey_id, people, begun_at)
    return Begun(handover_id, begun_at, people, account_id, allowance.is_probe, is_repeat)


def journal_line(claim: Claim, context: StepContext, begun: Begun) -> JournalLine:
    """Return what the journal keeps of a hand-over."""
    return JournalLine(
        installation=context.installation_id,
        handover_id=begun.handover_id,
        at=begun.begun_at,
        account_id=begun.account_id,
        distribution_id=claim.distribution_id,
        batch_id=claim.batch_id,
        step_id=claim.step_id,
        channel=context.step.channel,
        attempts=[
            JournalledAttempt(person.recipient_id, prove_code(person.code), person.attempt_count + 1)
            for person in begun.people
        ],
    )


def hand_over(context: StepContext, provider: Provider, begun: Begun) -> Sequence[Result]:
    """Call the provider. Returns one result per person; a message that cannot be written fails alone."""
    messages: dict[int, Message] = {}
    failed: dict[int, Result] = {}
    ids = attempt_ids([(person.recipient_id, person.attempt_count + 1) for person in begun.people])
    for person, attempt_id in zip(begun.people, ids, strict=True):
        try:
            message = write_message(context, person, attempt_id, provider.value_keys)
            begun.values[person.recipient_id] = message.values
            refusal = _refuse_missing_values(context, provider, message) or refuse_long_text(context, message)
            if refusal is not None:
                failed[person.recipient_id] = refusal
            else:
                messages[person.recipient_id] = message
        except Exception as error:
            logger.exception("message_not_written", recipient=person.recipient_id)
            failed[person.recipient_id] = Result(Outcome.PERMANENT, detail=repr(error), scope=Scope.CONTENT)
    sent = dict(zip(messages, _send(provider, list(messages.values())), strict=True))
    count_text_segments(context, messages, sent, begun.begun_at)
    return [failed.get(person.recipient_id) or sent[person.recipient_id] for person in begun.people]


def _refuse_missing_values(context: StepContext, provider: Provider, message: Message) -> Result | None:
    """Return the refusal of a message with gaps, if its template wants none; log it if the template says so."""
    if context.on_missing_value == OnMissingValue.SEND or not (missing := missing_values(provider, message)):
        return None
    if context.on_missing_value == OnMissingValue.WARN:
        logger.warning("value_missing", template=str(context.step.template_id), placeholders=missing)
        return None
    names = ", ".join(f"${{{key}}}" for key in missing)
    return Result(
        Outcome.PERMANENT, code="missing_value", detail=one_line(f"No value for {names}"), scope=Scope.CONTENT
    )


def _send(provider: Provider, messages: Sequence[Message]) -> Sequence[Result]:
    """Return one result per message. If the provider breaks its contract, all outcomes are unknown."""
    try:
        results = provider.send_batch(messages) if messages else []
    except Exception as error:
        logger.exception("provider_contract_violated", provider=provider.label)
        return [Result(Outcome.UNKNOWN, detail=repr(error))] * len(messages)
    if len(results) != len(messages):
        logger.error("provider_contract_violated", provider=provider.label, results=len(results))
        return [Result(Outcome.UNKNOWN, detail="the provider answered for another number of messages")] * len(messages)
    return results
