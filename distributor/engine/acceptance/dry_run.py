"""The dry run: what would become of a request, by the very code that accepts and dispatches, writing nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from channels.models import ProviderAccount
from contacts.identity import Identified
from contacts.models import Contact, Organization
from contacts.selection import BEFORE_ALL
from distributor.engine.acceptance.accept import (
    Candidate,
    JudgedRequest,
    judge_contact,
    judge_request,
    terms_of_request,
)
from distributor.engine.acceptance.references import Chain
from distributor.engine.acceptance.selection import check_selection, count_selected, next_selected
from distributor.engine.eligibility.facts import gather_facts
from distributor.engine.eligibility.policy import terms_at_dispatch
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.engine.route.accounts import AccountOption, Hold, accounts_available_now
from distributor.engine.route.step_context import as_account_option
from distributor.models.batch import Lane
from distributor.rules.eligibility import Refusal
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.forecast import ForecastStep, ForecastSubject, JourneyForecast, forecast_journey
from distributor.rules.requests import NO_OPTIONS, DistributionRequest, Selection, StepRequest
from distributor.rules.timing.departure import Terms
from distributor.rules.timing.time_zones import zone_named


@dataclass(frozen=True, slots=True)
class DryRunContact:
    """A contact that would be skipped, for `refusal`, or become a recipient whose journey is foreseen.

    `is_new`: the call would make it, so that its id is not one to keep.
    """

    contact: Identified
    is_new: bool
    refusal: Refusal | None
    foreseen: JourneyForecast


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of a request as of `made_at`: each contact once, in the order given.

    Of a selection the first BATCH_SIZE `contacts` in the order of their ids; `contact_count` is how many it has.
    `carriers`, by the steps of the chain: the provider accounts that would take a message at that moment, or why none
    would. `is_sent` False: nobody is sent to, whatever the steps say.
    """

    made_at: datetime
    organization: Organization
    chain: Chain
    carriers: Sequence[Sequence[AccountOption] | Hold]
    contacts: Sequence[DryRunContact]
    contact_count: int
    is_sent: bool


def dry_run(organization: Organization, request: DistributionRequest, now: datetime) -> DryRun:
    """What `accept` would do now, and what dispatch would do then if nothing intervened. Raises what `accept` raises.

    Contacts are resolved for real and rolled back (docs/decisions/0014).
    """
    judged = _judge_and_roll_back(organization, request, now)
    known_ids = _find_known(judged.candidates)
    return _plan(organization, request, judged, known_ids, len(judged.candidates), now)


@transaction.atomic
def dry_run_selection(
    organization: Organization, request: DistributionRequest, selection: Selection, now: datetime
) -> DryRun:
    """Likewise what `accept_selection` would do, and the expansion of its first chunk, in as much memory as that.

    The request names no contacts. Raises what `accept_selection` raises.
    """
    chain, _mailing_list = check_selection(organization, request, selection)
    terms = terms_of_request(organization, chain, request)
    found = next_selected(organization.id, selection, BEFORE_ALL, BATCH_SIZE + 1)
    people = found[:BATCH_SIZE]
    facts = gather_facts(organization.id, people, chain.every_channel, terms, chain.survey_id, in_full=True)
    candidates = [
        Candidate(
            contact,
            {},
            NO_OPTIONS,
            known,
            judge_contact(organization, request, chain, terms, contact, known, NO_OPTIONS, now),
        )
        for contact, known in zip(people, facts, strict=True)
    ]
    has_more = len(found) > BATCH_SIZE
    count = count_selected(organization.id, selection) if has_more else len(people)
    # A whole chunk of a filter's people goes as bulk: the worker that reads it cannot know that it is the last.
    is_whole = len(people) < BATCH_SIZE or not (has_more or selection.embedded_data is not None)
    known_ids = {contact.id for contact in people}
    judged = JudgedRequest(chain, terms, people, candidates)
    return _plan(organization, request, judged, known_ids, count, now, is_whole=is_whole)


def _plan(
    organization: Organization,
    request: DistributionRequest,
    judged: JudgedRequest,
    known_ids: Collection[UUID],
    contact_count: int,
    now: datetime,
    *,
    is_whole: bool = True,
) -> DryRun:
    terms = terms_at_dispatch(judged.terms, now)
    contacts = [
        DryRunContact(
            candidate.contact,
            candidate.contact.id not in known_ids,
            candidate.verdict if isinstance(candidate.verdict, Refusal) else None,
            _foresee(organization, request, judged.chain, terms, candidate),
        )
        for candidate in judged.candidates
    ]
    recipient_count = sum(one.refusal is None for one in contacts)
    # An audience of several chunks goes as bulk, however few of it are sent to (engine/audience/expand.py).
    is_urgent = is_whole and lane_for(recipient_count) == Lane.URGENT
    carriers = _find_carriers(judged.chain, is_urgent=is_urgent, now=now)
    return DryRun(now, organization, judged.chain, carriers, contacts, contact_count, request.is_sent)


@retry_contact_collisions
def _judge_and_roll_back(organization: Organization, request: DistributionRequest, now: datetime) -> JudgedRequest:
    judged = judge_request(organization, request, now, in_full=True)
    transaction.set_rollback(True)
    return judged


def _foresee(
    organization: Organization, request: DistributionRequest, chain: Chain, terms: Terms, candidate: Candidate
) -> JourneyForecast:
    if isinstance(candidate.verdict, Refusal) or not request.is_sent:
        return JourneyForecast()
    position, departure = candidate.verdict
    assert candidate.known is not None
    zone = zone_named(candidate.contact.time_zone, organization.time_zone)
    traveller = ForecastSubject(terms, candidate.known, candidate.options.last_sent_at, zone, request.is_multi)
    return forecast_journey(_rungs(chain), traveller, position, departure)


def _rungs(chain: Chain) -> list[ForecastStep]:
    return [
        ForecastStep(
            UUID(int=position), position, step.kind, step.channel, step.fallback_delay_minutes, step.delay_minutes
        )
        for position, step in enumerate(chain.steps)
    ]


def _find_known(candidates: Sequence[Candidate]) -> set[UUID]:
    """Those that there are now that the others are rolled back."""
    ids = [candidate.contact.id for candidate in candidates]
    return set(Contact.objects.filter(id__in=ids).values_list("id", flat=True))


def _find_carriers(chain: Chain, *, is_urgent: bool, now: datetime) -> list[Sequence[AccountOption] | Hold]:
    """In one statement, whatever the number of steps and accounts."""
    ids = {account_id for step in chain.steps for account_id in step.account_ids}
    accounts = ProviderAccount.objects.select_related("pace", "stand_in__pace").in_bulk(ids)
    return [accounts_available_now(_outlets(step, accounts), is_urgent=is_urgent, now=now) for step in chain.steps]


def _outlets(step: StepRequest, accounts: Mapping[UUID, ProviderAccount]) -> list[AccountOption]:
    """As engine/route/step_context.py opens them for a step that is stored."""
    own = accounts[step.provider_account_id]
    if step.further_account_ids:
        weights: Sequence[int | None] = step.weights or [None] * len(step.account_ids)
        named = zip(step.account_ids, weights, strict=True)
        return [as_account_option(step, accounts[account_id], weight) for account_id, weight in named]
    return [as_account_option(step, one) for one in (own, own.stand_in) if one is not None]
