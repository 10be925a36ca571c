"""Expand audiences selected by a list, contact ids or a filter: turn their contacts into recipients, in chunks.

The call accepts an audience of any size at once. If a list or contact ids fit into one chunk, the call expands them
itself, so that the caller can ask for links right away; workers expand everything else.

A chunk of contacts, in the order of their ids, is one transaction: recipients, batches, decisions, counts and the
progress. Locking the expansion's row limits it to one worker at a time; if the worker dies, the whole chunk is rolled
back. Contacts are judged by the same rules as contacts named in a call. See docs/decisions/0017.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from contacts.identity import Identified
from contacts.models import ApiKey, Organization
from contacts.models.api_key import KeyKind
from contacts.selection import BEFORE_ALL
from distributor.engine.acceptance.judge import judge_contacts, split_candidates, terms_of_request
from distributor.engine.acceptance.references import Chain
from distributor.engine.acceptance.rows import NewRecipient, SkippedContact, new_distribution
from distributor.engine.acceptance.selection import check_selection, next_selected
from distributor.engine.acceptance.write import write_distribution, write_recipients
from distributor.engine.eligibility.policy import team_of, terms_of
from distributor.engine.infrastructure.chunked_job import (
    InputsChangedError,
    record_progress,
    run_chunk,
    run_time_slice,
)
from distributor.engine.infrastructure.wakeups import wake_expansion_on_commit, wake_lane_on_commit
from distributor.models import Distribution, Expansion, Step
from distributor.models.batch import Lane
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import AudienceRules, DistributionRequest, Selection, StepRequest
from distributor.rules.timing.timetable import Timetable


@transaction.atomic
def accept_selection(
    organization: Organization,
    api_key: ApiKey | None,
    request: DistributionRequest,
    selection: Selection,
    now: datetime,
    *,
    at_once: int = BATCH_SIZE,
    key_kind: KeyKind | None = None,
    distribution_id: UUID | None = None,
) -> Distribution:
    """Write a distribution to a selection. Workers expand it if it is a filter or has more than `at_once` contacts.

    The request names no contacts. `key_kind` None: the kind of the key. `distribution_id` None: a new one. Raises
    UnknownReferencesError (survey, providers, templates, list) and UnknownContactsError. If the selection names both
    contacts and a list, contacts not on the list are unknown too.
    """
    chain, mailing_list = check_selection(organization, request, selection)
    terms = terms_of_request(organization, chain, request)
    distribution = new_distribution(
        organization,
        api_key,
        request,
        chain,
        terms,
        0,
        0,
        now,
        mailing_list=mailing_list,
        is_preparing=True,
        key_kind=key_kind,
        distribution_id=distribution_id,
    )
    write_distribution(distribution, chain.steps)
    expansion = Expansion(
        distribution=distribution,
        mailing_list_id=None if selection.contact_ids else selection.list_id,
        contact_ids=sorted(selection.contact_ids) if selection.contact_ids else None,
        embedded_data=selection.embedded_data,
        is_sent=request.is_sent,
        due_at=now,
    )
    # A filter may read all contacts to find a few, so workers do that.
    contacts = None if selection.embedded_data is not None else _next_contacts(expansion, at_once + 1)
    if contacts is None or len(contacts) > at_once:
        expansion.save(force_insert=True)
        wake_expansion_on_commit()
        return distribution
    expansion.after_id = contacts[-1].id if contacts else BEFORE_ALL
    expansion.save(force_insert=True)
    recipients, skipped = _write_contacts(expansion, contacts, now, is_whole=True)
    _add_counts(distribution, recipients, skipped, is_sent=expansion.is_sent, is_last=True)
    distribution.refresh_from_db()
    return distribution


def due_expansions(now: datetime) -> bool:
    """Return whether any audience waits to be expanded."""
    return Expansion.objects.filter(distribution__is_preparing=True, due_at__lte=now).exists()


def expand_due(clock: Callable[[], datetime]) -> bool:
    """Expand due audiences for one time slice. Return whether there may be more to do."""
    return run_time_slice(expand_chunk, clock)


def expand_chunk(now: datetime, size: int = BATCH_SIZE) -> bool:
    """Expand the next contacts of the audience that has waited longest. Return whether there was one."""
    return run_chunk(lambda: _lock_next(now), lambda expansion: _expand(expansion, size, now), now)


def _lock_next(now: datetime) -> Expansion | None:
    """Lock the expansion that was due first, leaving out those that another worker has locked."""
    due = Expansion.objects.filter(distribution__is_preparing=True, due_at__lte=now).order_by("due_at")
    unlocked = due.select_for_update(skip_locked=True, of=("self",))
    return unlocked.select_related("distribution__organization").first()


def _expand(expansion: Expansion, size: int, now: datetime) -> None:
    distribution = expansion.distribution
    if distribution.cancelled_at is not None:
        Distribution.objects.filter(pk=distribution.pk).update(is_preparing=False)
        return
    contacts = _next_contacts(expansion, size)
    is_last = len(contacts) < size
    is_whole = is_last and expansion.after_id == BEFORE_ALL
    recipients, skipped = _write_contacts(expansion, contacts, now, is_whole=is_whole)
    if contacts:
        expansion.after_id = contacts[-1].id
    record_progress(expansion, now, "after_id")
    _add_counts(distribution, recipients, skipped, is_sent=expansion.is_sent, is_last=is_last)


def _next_contacts(expansion: Expansion, size: int) -> list[Identified]:
    selection = Selection(expansion.mailing_list_id, expansion.contact_ids or (), expansion.embedded_data)
    return next_selected(expansion.distribution.organization_id, selection, expansion.after_id, size)


def _write_contacts(
    expansion: Expansion, contacts: Sequence[Identified], now: datetime, *, is_whole: bool
) -> tuple[list[NewRecipient], list[SkippedContact]]:
    """Judge contacts and write recipients and decisions. `is_whole`: the contacts are the whole audience."""
    distribution = expansion.distribution
    steps = list(distribution.steps.all())
    recipients, skipped = _judge(expansion, steps, contacts, now)
    # A list that fits into one chunk gets its lane like any other small send.
    lane = lane_for(len(recipients)) if is_whole else Lane.BULK
    for due_lane in write_recipients(
        distribution, steps, recipients, skipped, now, is_sent=expansion.is_sent, lane=lane
    ):
        wake_lane_on_commit(due_lane)
    return recipients, skipped


def _judge(
    expansion: Expansion, steps: Sequence[Step], contacts: Sequence[Identified], now: datetime
) -> tuple[list[NewRecipient], list[SkippedContact]]:
    """Judge contacts as acceptance does (acceptance/judge.py)."""
    distribution = expansion.distribution
    request, chain = _rebuild_request(expansion, steps)
    timetable = Timetable(distribution.scheduled_at, None, distribution.not_after, distribution.expires_at)
    terms = replace(terms_of(distribution), timetable=timetable)
    return split_candidates(judge_contacts(distribution.organization, request, chain, terms, contacts, now))


def _rebuild_request(expansion: Expansion, steps: Sequence[Step]) -> tuple[DistributionRequest, Chain]:
    """Rebuild what the judging reads of a request and its chain. Follow-ups added later are left out."""
    distribution = expansion.distribution
    step_requests = [
        StepRequest(
            step.channel,
            step.provider_account_id,
            step.template_id,
            step.priority,
            kind=StepKind(step.kind),
            delay_minutes=step.delay_minutes,
        )
        for step in steps
        if step.scheduled_at is None
    ]
    request = DistributionRequest(
        source=distribution.source,
        survey_id=distribution.survey_id,
        contacts=(),
        steps=step_requests,
        audience=AudienceRules(
            exclude_opted_out=distribution.exclude_opted_out,
            team=team_of(distribution.organization, distribution.key_kind),
        ),
        is_sent=expansion.is_sent,
    )
    invitation_channels = [step.channel for step in step_requests if step.kind is StepKind.INVITATION]
    return request, Chain(distribution.survey_id, None, step_requests, invitation_channels)


def _add_counts(
    distribution: Distribution,
    recipients: Sequence[NewRecipient],
    skipped: Sequence[SkippedContact],
    *,
    is_sent: bool,
    is_last: bool,
) -> None:
    """Add a chunk to the distribution's counts.

    Raises InputsChangedError if the distribution was cancelled or rescheduled since the chunk was judged. A pause makes
    no difference: the first begin that finds a new batch parks it. This comes last, so that the distribution's row,
    which dispatch writes too, is locked only until the commit.
    """
    unchanged = Distribution.objects.filter(
        pk=distribution.pk,
        is_preparing=True,
        cancelled_at=None,
        scheduled_at=distribution.scheduled_at,
        not_after=distribution.not_after,
        expires_at=distribution.expires_at,
    )
    if not unchanged.update(
        accepted_count=F("accepted_count") + len(recipients) + len(skipped),
        skipped_count=F("skipped_count") + len(skipped),
        registered_count=F("registered_count") + (0 if is_sent else len(recipients)),
        is_preparing=not is_last,
    ):
        raise InputsChangedError
