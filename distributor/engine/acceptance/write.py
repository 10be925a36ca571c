"""Write a distribution: itself, its steps, batches, recipients with their links, and decisions about who is skipped."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Model

from contacts.models import MailingList
from distributor.engine.acceptance.rows import (
    NewRecipient,
    RecipientRow,
    SkippedContact,
    cut_into_batches,
    new_steps,
)
from distributor.engine.infrastructure.row_insert import insert_together
from distributor.engine.infrastructure.sql_params import rows_of
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.models import Batch, Decision, Distribution, Step, StepAccount
from distributor.models.decision import DecisionKind
from distributor.models.recipient import RecipientState
from distributor.rules.event_types import EventType
from distributor.rules.journey.batching import lane_for
from distributor.rules.requests import StepRequest

# Recipients get ascending ids in the order given, and their events are written with them.
_INSERT_RECIPIENTS = """
recipients AS (
    INSERT INTO distributor_recipient (
        contact_id, code, attributes, locale, baseline_sent_at, wording, batch_id,
        distribution_id, state, created_at, outcome, reason, attempt_count
    )
    SELECT contact_id, code, attributes, locale, baseline_sent_at, wording, batch_id, %s, %s, %s, '', '', 0
    FROM json_to_recordset(%s::json) AS given(
        contact_id uuid, code text, attributes jsonb, locale text, baseline_sent_at timestamptz, wording jsonb,
        batch_id uuid
    )
    RETURNING id
)
INSERT INTO distributor_eventbundle (organization_id, distribution_id, type, subject_ids)
SELECT %s, %s, %s, ARRAY(SELECT id FROM recipients ORDER BY id)
"""


def write_distribution(distribution: Distribution, step_requests: Sequence[StepRequest]) -> None:
    """Write a new distribution with its steps. Its recipients follow."""
    steps = new_steps(distribution, step_requests)
    insert_together([distribution], steps)
    _write_step_accounts(steps, step_requests)


def write_steps(
    distribution: Distribution,
    step_requests: Sequence[StepRequest],
    *,
    first_position: int = 0,
    contact_id: UUID | None = None,
    first_id: UUID | None = None,
) -> list[Step]:
    """Write the steps that new_steps() returns, with their accounts."""
    steps = new_steps(
        distribution, step_requests, first_position=first_position, contact_id=contact_id, first_id=first_id
    )
    insert_together(steps)
    _write_step_accounts(steps, step_requests)
    return steps


def write_whole(
    distribution: Distribution,
    new_list: MailingList | None,
    step_requests: Sequence[StepRequest],
    recipients: Sequence[NewRecipient],
    skipped: Sequence[SkippedContact],
    now: datetime,
    *,
    is_sent: bool,
) -> set[str]:
    """Write a new distribution with all that belongs to it. Return the lanes that have work now.

    `new_list` is the list of its audience, if that is new too. Without `is_sent` the recipients only get links.
    """
    steps = new_steps(distribution, step_requests)
    state = RecipientState.WAITING if is_sent else RecipientState.REGISTERED
    batches, rows = cut_into_batches(distribution, steps, recipients, state, lane_for(len(recipients)))
    new_lists = [new_list] if new_list else []
    _insert_with_recipients(distribution, state, rows, now, new_lists, [distribution], steps, batches)
    _write_step_accounts(steps, step_requests)
    _write_decisions(distribution, skipped, now)
    return _due_lanes(batches, now) if is_sent else set()


def write_recipients(
    distribution: Distribution,
    steps: Sequence[Step],
    recipients: Sequence[NewRecipient],
    skipped: Sequence[SkippedContact],
    now: datetime,
    *,
    is_sent: bool = True,
    lane: str | None = None,
) -> set[str]:
    """Write batches, recipients and decisions of a distribution that exists. Return the lanes that have work now.

    Without `is_sent` the recipients only get links. `lane` None: the number of recipients decides.
    """
    state = RecipientState.WAITING if is_sent else RecipientState.REGISTERED
    batches, rows = cut_into_batches(distribution, steps, recipients, state, lane or lane_for(len(recipients)))
    _insert_with_recipients(distribution, state, rows, now, batches)
    _write_decisions(distribution, skipped, now)
    return _due_lanes(batches, now) if is_sent else set()


def _write_step_accounts(steps: Sequence[Step], step_requests: Sequence[StepRequest]) -> None:
    """Write the accounts of steps that name several. Other steps only have their provider_account."""
    if any(step_request.further_account_ids for step_request in step_requests):
        StepAccount.objects.bulk_create(
            StepAccount(
                step=step,
                provider_account_id=account_id,
                position=position,
                weight=step_request.weights[position] if step_request.weights else None,
            )
            for step, step_request in zip(steps, step_requests, strict=True)
            if step_request.further_account_ids
            for position, account_id in enumerate(step_request.account_ids)
        )


def _insert_with_recipients(
    distribution: Distribution,
    state: RecipientState,
    rows: Sequence[RecipientRow],
    now: datetime,
    *tables: Sequence[Model],
) -> None:
    """Insert the tables' rows, the recipients and the events of their acceptance in one statement."""
    if not rows:
        insert_together(*tables)
        return
    recipients = [distribution.id, state.value, now, rows_of(rows)]
    bundle = [distribution.organization_id, distribution.id, EventType.ACCEPTED.value]
    insert_together(*tables, last=_INSERT_RECIPIENTS, last_parameters=recipients + bundle)


def _write_decisions(distribution: Distribution, skipped: Sequence[SkippedContact], now: datetime) -> None:
    if not skipped:
        return
    decisions = Decision.objects.bulk_create(
        Decision(
            distribution_id=distribution.id,
            contact_id=skipped_contact.contact.id,
            kind=DecisionKind.SKIPPED,
            reason=skipped_contact.refusal.reason,
            detail=dict(skipped_contact.refusal.detail),
            decided_at=now,
        )
        for skipped_contact in skipped
    )
    decision_ids = [decision.pk for decision in decisions]
    write_bundles([NewBundle(EventType.SKIPPED, distribution.organization_id, distribution.id, decision_ids)])


def _due_lanes(batches: Sequence[Batch], now: datetime) -> set[str]:
    return {batch.lane for batch in batches if batch.due_at <= now}
