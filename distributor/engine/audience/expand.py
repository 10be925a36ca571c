"""Audiences that nobody names one by one: accepted at once whatever their size, turned into recipients by workers.

A list, or contacts, that fit into one chunk are expanded in the call itself: whoever asks for links next finds
everybody.

A chunk of contacts, in the order of their ids, is one transaction: recipients, batches, decisions, counts and the step
forward. The lock on the expansion's row keeps it to one worker at a time; whoever dies takes the whole chunk back. Each
contact is judged by the rules of a call that names it. See docs/decisions/0017.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from contacts.identity import Identified
from contacts.models import ApiKey, Organization
from contacts.selection import BEFORE_ALL
from distributor.engine.acceptance.accept import judge_contact, terms_of_request
from distributor.engine.acceptance.references import Chain
from distributor.engine.acceptance.selection import check_selection, next_selected
from distributor.engine.acceptance.write import (
    NewRecipient,
    SkippedContact,
    write_distribution,
    write_recipients,
    write_steps,
)
from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.eligibility.policy import terms_of
from distributor.engine.infrastructure.chunked_job import InputsChangedError, go_on, run_chunk, run_time_slice
from distributor.engine.infrastructure.wakeups import wake_expansion_on_commit, wake_on_commit
from distributor.models import Distribution, Expansion, Step
from distributor.models.batch import Lane
from distributor.rules.eligibility import Refusal
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.chain import StepKind
from distributor.rules.link_codes import mint_codes
from distributor.rules.requests import NO_OPTIONS, AudienceRules, DistributionRequest, Selection, StepRequest
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
) -> Distribution:
    """Write a distribution to a selection of contacts down; workers expand it if it is a filter or more than `at_once`.

    The request names no contacts. Raises UnknownReferences (survey, providers, templates, list) and UnknownContacts,
    which contacts are as well that are not on the list which is named with them.
    """
    chain, mailing_list = check_selection(organization, request, selection)
    terms = terms_of_request(organization, chain, request)
    distribution = write_distribution(
        organization, api_key, request, chain, terms, 0, 0, now, mailing_list=mailing_list, is_preparing=True
    )
    write_steps(distribution, chain.steps)
    expansion = Expansion(
        distribution=distribution,
        mailing_list_id=None if selection.contact_ids else selection.list_id,
        contact_ids=sorted(selection.contact_ids) if selection.contact_ids else None,
        embedded_data=selection.embedded_data,
        is_sent=request.is_sent,
        due_at=now,
    )
    # A filter may read everybody to find a few, so that is left to workers.
    people = None if selection.embedded_data is not None else _next_people(expansion, at_once + 1)
    if people is None or len(people) > at_once:
        expansion.save(force_insert=True)
        wake_expansion_on_commit()
        return distribution
    expansion.after_id = people[-1].id if people else BEFORE_ALL
    expansion.save(force_insert=True)
    enrolled, skipped = _enrol_people(expansion, people, now, is_whole=True)
    _count(distribution, enrolled, skipped, is_sent=expansion.is_sent, is_last=True)
    distribution.refresh_from_db()
    return distribution


def expand_due(clock: Callable[[], datetime]) -> bool:
    """Turn due audiences into recipients for one slice of time. Returns whether there may be more to do."""
    return run_time_slice(expand_chunk, clock)


def expand_chunk(now: datetime, size: int = BATCH_SIZE) -> bool:
    """Take the next contacts of the audience that has waited longest; whether there was one."""
    return run_chunk(lambda: _take(now), lambda expansion: _expand(expansion, size, now), now)


def due_expansions(now: datetime) -> bool:
    """Whether any audience waits to be read on."""
    return Expansion.objects.filter(distribution__is_preparing=True, due_at__lte=now).exists()


def _take(now: datetime) -> Expansion | None:
    """The expansion that is due first and that nobody else works on, locked. Its turn comes again after the others'."""
    waiting = Expansion.objects.filter(distribution__is_preparing=True, due_at__lte=now).order_by("due_at")
    locked = waiting.select_for_update(skip_locked=True, of=("self",))
    return locked.select_related("distribution__organization").first()


def _expand(expansion: Expansion, size: int, now: datetime) -> None:
    distribution = expansion.distribution
    if distribution.cancelled_at is not None:
        Distribution.objects.filter(pk=distribution.pk).update(is_preparing=False)
        return
    people = _next_people(expansion, size)
    is_last = len(people) < size
    is_whole = is_last and expansion.after_id == BEFORE_ALL
    enrolled, skipped = _enrol_people(expansion, people, now, is_whole=is_whole)
    _go_forward(expansion, people, now)
    _count(distribution, enrolled, skipped, is_sent=expansion.is_sent, is_last=is_last)


def _enrol_people(
    expansion: Expansion, people: Sequence[Identified], now: datetime, *, is_whole: bool
) -> tuple[list[NewRecipient], list[SkippedContact]]:
    """Write down who becomes a recipient and who does not; `is_whole`: they are all of the audience."""
    distribution = expansion.distribution
    steps = list(distribution.steps.all())
    enrolled, skipped = _choose(expansion, steps, people, now)
    # A list that fits into one chunk is a small send like any other.
    lane = lane_for(len(enrolled)) if is_whole else Lane.BULK
    for one in write_recipients(distribution, steps, enrolled, skipped, now, is_sent=expansion.is_sent, lane=lane):
        wake_on_commit(one)
    return enrolled, skipped


def _next_people(expansion: Expansion, size: int) -> list[Identified]:
    selection = Selection(expansion.mailing_list_id, expansion.contact_ids or (), expansion.embedded_data)
    return next_selected(expansion.distribution.organization_id, selection, expansion.after_id, size)


def _choose(
    expansion: Expansion, steps: Sequence[Step], people: Sequence[Identified], now: datetime
) -> tuple[list[NewRecipient], list[SkippedContact]]:
    """Judge people as acceptance does (acceptance/accept.py): who becomes a recipient and who does not."""
    distribution = expansion.distribution
    request, chain = _as_requested(expansion, steps)
    ends = Timetable(distribution.scheduled_at, None, distribution.not_after, distribution.expires_at)
    terms = replace(terms_of(distribution), timetable=ends)
    facts = gather_facts(distribution.organization_id, people, chain.channels, terms, distribution.survey_id)
    leaves_at = max(now, distribution.scheduled_at or now)
    enrolled: list[NewRecipient] = []
    skipped: list[SkippedContact] = []
    for contact, known, code in zip(people, facts, mint_codes(len(people)), strict=True):
        if known is None and terms.allow_any_time:
            enrolled.append(NewRecipient(contact, code, 0, {}, leaves_at))
            continue
        verdict = judge_contact(distribution.organization, request, chain, terms, contact, known, NO_OPTIONS, now)
        if isinstance(verdict, Refusal):
            skipped.append(SkippedContact(contact, verdict))
        else:
            enrolled.append(NewRecipient(contact, code, verdict.position, {}, verdict.departure.at))
    return enrolled, skipped


def _as_requested(expansion: Expansion, steps: Sequence[Step]) -> tuple[DistributionRequest, Chain]:
    """What the rules of acceptance look at, read back."""
    distribution = expansion.distribution
    asked = [
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
        steps=asked,
        audience=AudienceRules(exclude_opted_out=distribution.exclude_opted_out),
        is_sent=expansion.is_sent,
    )
    invitations = [step.channel for step in asked if step.kind is StepKind.INVITATION]
    return request, Chain(distribution.survey_id, None, asked, invitations)


def _go_forward(expansion: Expansion, people: Sequence[Identified], now: datetime) -> None:
    if people:
        expansion.after_id = people[-1].id
    go_on(expansion, now, "after_id")


def _count(
    distribution: Distribution,
    enrolled: Sequence[NewRecipient],
    skipped: Sequence[SkippedContact],
    *,
    is_sent: bool,
    is_last: bool,
) -> None:
    """Add a chunk to the counts, unless the distribution is not what the chunk was judged by. Raises Steered.

    Last, so that the row that everybody writes is locked for no longer than a commit takes. A pause is no matter: the
    first begin that meets a new batch parks it.
    """
    as_judged = Distribution.objects.filter(
        pk=distribution.pk,
        is_preparing=True,
        cancelled_at=None,
        scheduled_at=distribution.scheduled_at,
        not_after=distribution.not_after,
        expires_at=distribution.expires_at,
    )
    if not as_judged.update(
        accepted_count=F("accepted_count") + len(enrolled) + len(skipped),
        skipped_count=F("skipped_count") + len(skipped),
        registered_count=F("registered_count") + (0 if is_sent else len(enrolled)),
        is_preparing=not is_last,
    ):
        raise InputsChangedError
