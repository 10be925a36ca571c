"""Dry run: forecast the result of a request with the code that accepts and dispatches. Nothing is written."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from channels.models import ProviderAccount, Template
from contacts.identity import Identified
from contacts.models import Contact, Organization
from contacts.selection import BEFORE_ALL
from distributor.engine.acceptance.costs import StepCost, cost_of_steps, has_priced_texts
from distributor.engine.acceptance.judge import (
    Candidate,
    JudgedRequest,
    judge_contacts,
    judge_request,
    terms_of_request,
)
from distributor.engine.acceptance.missing_values import (
    ForecastText,
    MissingMessageValue,
    count_segments,
    find_missing_values,
    read_step_texts,
)
from distributor.engine.acceptance.references import Chain
from distributor.engine.acceptance.selection import check_selection, count_selected, next_selected
from distributor.engine.eligibility.policy import terms_at_dispatch
from distributor.engine.infrastructure.statement_limit import limit_statements_to
from distributor.engine.infrastructure.transactions import retry_contact_collisions
from distributor.engine.route.accounts import AccountOption, Hold, accounts_available_now
from distributor.engine.route.step_context import as_account_option
from distributor.models.batch import Lane
from distributor.rules.eligibility import Refusal
from distributor.rules.journey.batching import BATCH_SIZE, lane_for
from distributor.rules.journey.forecast import ForecastStep, ForecastSubject, JourneyForecast, forecast_journey
from distributor.rules.requests import DistributionRequest, Selection, StepRequest
from distributor.rules.timing.departure import Terms
from distributor.rules.timing.time_zones import zone_named

# A filter is compared with every contact of the organisation, and a call must not keep a thread of the web process.
READING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DryRunContact:
    """A contact that would be skipped with `refusal`, or become a recipient with the journey in `forecast`.

    `is_new`: the contact does not exist yet; its id is rolled back with it.
    """

    contact: Identified
    is_new: bool
    refusal: Refusal | None
    forecast: JourneyForecast


@dataclass(frozen=True, slots=True)
class DryRun:
    """The forecast of a request as of `made_at`: each contact once, in the order given.

    For a selection `contacts` are the first BATCH_SIZE in the order of their ids, and `contact_count` is the number of
    all its contacts. `available_accounts` has one entry per step of the chain: the provider accounts that would send a
    message at that time, or why none would. `is_sent` False: recipients only get links. `missing_values` are the gaps
    in the messages of the forecast, and `templates` say what becomes of a message with gaps. `segment_counts` are the
    SMS segments of the forecast by the position of their step; empty unless they were asked for, or cost something.
    `costs` has the steps whose first account has a price.
    """

    made_at: datetime
    organization: Organization
    chain: Chain
    available_accounts: Sequence[Sequence[AccountOption] | Hold]
    contacts: Sequence[DryRunContact]
    contact_count: int
    is_sent: bool
    missing_values: Sequence[MissingMessageValue]
    templates: Mapping[UUID, Template]
    segment_counts: Mapping[int, int]
    costs: Sequence[StepCost]


def dry_run(
    organization: Organization, request: DistributionRequest, now: datetime, *, counts_segments: bool = False
) -> DryRun:
    """Forecast what `accept` would do now, and what dispatch would then do if nothing changes.

    Contacts are resolved for real and rolled back (docs/decisions/0014). Raises what `accept` raises.
    """
    judged, people, templates = _judge_and_roll_back(organization, request, now)
    existing_ids = _find_existing_ids(judged.candidates)
    return _forecast(
        organization,
        request,
        judged,
        people,
        templates,
        existing_ids,
        len(judged.candidates),
        now,
        counts_segments=counts_segments,
    )


@retry_contact_collisions
def _judge_and_roll_back(
    organization: Organization, request: DistributionRequest, now: datetime
) -> tuple[JudgedRequest, Mapping[UUID, Contact], Mapping[UUID, Template]]:
    judged = judge_request(organization, request, now, needs_all_facts=True)
    people, templates = _read_people(judged.candidates), _read_templates(judged.chain)
    transaction.set_rollback(True)
    return judged, people, templates


def _read_templates(chain: Chain) -> Mapping[UUID, Template]:
    ids = {step.template_id for step in chain.steps}
    return Template.with_automatic.prefetch_related("variants").in_bulk(ids)


def _read_people(candidates: Sequence[Candidate]) -> Mapping[UUID, Contact]:
    """Return the contacts that would become recipients, with what messages may say about them."""
    return Contact.objects.in_bulk(
        [candidate.contact.id for candidate in candidates if not isinstance(candidate.verdict, Refusal)]
    )


def _find_existing_ids(candidates: Sequence[Candidate]) -> set[UUID]:
    """Return the ids of the contacts that exist after the rollback."""
    ids = [candidate.contact.id for candidate in candidates]
    return set(Contact.objects.filter(id__in=ids).values_list("id", flat=True))


@transaction.atomic
def dry_run_selection(
    organization: Organization,
    request: DistributionRequest,
    selection: Selection,
    now: datetime,
    *,
    counts_segments: bool = False,
) -> DryRun:
    """Forecast what `accept_selection` would do, with the expansion of its first chunk. The rest is only counted.

    The request names no contacts. Raises what `accept_selection` raises, and TookTooLongError for an audience that
    takes longer to read or count: sending to it reads it in a worker.
    """
    chain, _mailing_list = check_selection(organization, request, selection)
    terms = terms_of_request(organization, chain, request)
    with limit_statements_to(READING_SECONDS):
        selected = next_selected(organization.id, selection, BEFORE_ALL, BATCH_SIZE + 1)
        has_more = len(selected) > BATCH_SIZE
        contact_count = count_selected(organization.id, selection) if has_more else len(selected)
    contacts = selected[:BATCH_SIZE]
    candidates = judge_contacts(organization, request, chain, terms, contacts, now, needs_all_facts=True)
    # A full chunk of a filter goes as bulk: the worker that expands it cannot know that it is the last.
    is_whole = len(contacts) < BATCH_SIZE or not (has_more or selection.embedded_data is not None)
    existing_ids = {contact.id for contact in contacts}
    judged = JudgedRequest(chain, terms, contacts, candidates)
    people = _read_people(candidates)
    forecast = _forecast(
        organization,
        request,
        judged,
        people,
        _read_templates(chain),
        existing_ids,
        contact_count,
        now,
        is_whole=is_whole,
        counts_segments=counts_segments,
    )
    if any(step.texts for step in request.steps):
        transaction.set_rollback(True)  # the templates that were made of them
    return forecast


def _forecast(
    organization: Organization,
    request: DistributionRequest,
    judged: JudgedRequest,
    people: Mapping[UUID, Contact],
    templates: Mapping[UUID, Template],
    existing_ids: Collection[UUID],
    contact_count: int,
    now: datetime,
    *,
    is_whole: bool = True,
    counts_segments: bool,
) -> DryRun:
    terms = terms_at_dispatch(judged.terms, now)
    contacts = [
        DryRunContact(
            candidate.contact,
            candidate.contact.id not in existing_ids,
            candidate.verdict if isinstance(candidate.verdict, Refusal) else None,
            _forecast_candidate(organization, request, judged.chain, terms, candidate),
        )
        for candidate in judged.candidates
    ]
    recipient_count = sum(contact.refusal is None for contact in contacts)
    # An audience of several chunks goes as bulk, however few of its contacts are sent to (audience/expand.py).
    is_urgent = is_whole and lane_for(recipient_count) == Lane.URGENT
    steps = judged.chain.steps
    accounts = _find_accounts(judged.chain)
    options = [_account_options(step, accounts) for step in steps]
    first_accounts = [accounts[step.provider_account_id] for step in steps]
    by_position = read_step_texts(judged.chain.survey_id, steps, [of_step[0] for of_step in options], templates)
    texts = list(_forecast_texts(request, judged.candidates, contacts, people))
    counts_segments = counts_segments or has_priced_texts(steps, first_accounts)
    segments = count_segments(by_position, texts) if counts_segments else {}
    return DryRun(
        now,
        organization,
        judged.chain,
        [accounts_available_now(of_step, is_urgent=is_urgent, now=now) for of_step in options],
        contacts,
        contact_count,
        request.is_sent,
        find_missing_values(by_position, texts),
        templates,
        segments,
        cost_of_steps(steps, first_accounts, Counter(text.position for text in texts), segments),
    )


def _forecast_texts(
    request: DistributionRequest,
    candidates: Sequence[Candidate],
    forecasts: Sequence[DryRunContact],
    people: Mapping[UUID, Contact],
) -> Iterator[ForecastText]:
    """Yield each message of the forecast, with what it may say about its reader."""
    for candidate, forecast in zip(candidates, forecasts, strict=True):
        for message in forecast.forecast.steps:
            person = people[candidate.contact.id]
            attributes = {**request.attributes, **candidate.attributes}
            yield ForecastText(person, attributes, candidate.options, message.position)


def _forecast_candidate(
    organization: Organization, request: DistributionRequest, chain: Chain, terms: Terms, candidate: Candidate
) -> JourneyForecast:
    if isinstance(candidate.verdict, Refusal) or not request.is_sent:
        return JourneyForecast()
    position, departure = candidate.verdict
    assert candidate.facts is not None
    zone = zone_named(candidate.contact.time_zone, organization.time_zone)
    subject = ForecastSubject(terms, candidate.facts, candidate.options.last_sent_at, zone, request.is_multi)
    return forecast_journey(_forecast_steps(chain), subject, position, departure)


def _forecast_steps(chain: Chain) -> list[ForecastStep]:
    return [
        ForecastStep(
            UUID(int=position), position, step.kind, step.channel, step.fallback_delay_minutes, step.delay_minutes
        )
        for position, step in enumerate(chain.steps)
    ]


def _find_accounts(chain: Chain) -> Mapping[UUID, ProviderAccount]:
    """Return the accounts of all steps, in one query."""
    ids = {account_id for step in chain.steps for account_id in step.account_ids}
    return ProviderAccount.objects.select_related("pace", "stand_in__pace").in_bulk(ids)


def _account_options(step: StepRequest, accounts: Mapping[UUID, ProviderAccount]) -> list[AccountOption]:
    """Return the options that route/step_context.py returns for a stored step."""
    account = accounts[step.provider_account_id]
    if step.further_account_ids:
        weights: Sequence[int | None] = step.weights or [None] * len(step.account_ids)
        return [
            as_account_option(step, accounts[account_id], weight)
            for account_id, weight in zip(step.account_ids, weights, strict=True)
        ]
    options = [as_account_option(step, account)]
    if account.stand_in is not None:
        options.append(as_account_option(step, account.stand_in))
    return options
