"""Plans, and living through what was planned."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Min

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.ids import new_id
from contacts.models import Contact, Organization
from distributor.engine.acceptance.accept import Accepted, accept
from distributor.engine.acceptance.dry_run import DryRun, dry_run
from distributor.engine.route.accounts import AccountOption, Hold
from distributor.models import Batch, Survey, Touch
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.forecast import Condition
from distributor.rules.requests import DistributionRequest
from distributor.rules.timing.departure import Delay
from tests.support.engine.people import dispatch_at, given, story_of

Accounts = dict[Channel, ProviderAccount]
A_DAY = timedelta(days=1)
# A Monday, 22:30 in Warsaw.
NOW = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
Sent = tuple[str, UUID, datetime]


def sends_of(foreseen: DryRun) -> list[list[Sent]]:
    """Per contact, in the order given: what leaves, by which account and when, if every message is taken."""
    sends: list[list[Sent]] = []
    for one in foreseen.contacts:
        sends.append([])
        needs_failure = False
        for step in one.forecast.steps:
            needs_failure |= step.condition is Condition.ON_FAILURE
            if needs_failure and foreseen.chain.steps[step.position].kind is StepKind.INVITATION:
                continue
            sends[-1].append(
                (
                    foreseen.chain.steps[step.position].channel,
                    carrier(foreseen, step.position).account.id,
                    step.departure.at,
                )
            )
    return sends


def carrier(foreseen: DryRun, position: int = 0) -> AccountOption:
    carriers = foreseen.available_accounts[position]
    assert not isinstance(carriers, Hold)
    [one] = carriers
    return one


def live_through() -> None:
    """Work off everything, each batch at the moment for which it waits."""
    for _ in range(100):
        due_at = Batch.objects.filter(state="waiting").aggregate(next=Min("due_at"))["next"]
        if due_at is None:
            return
        dispatch_at(due_at)
    raise AssertionError("something waits for ever")


def sent_by(accepted: Accepted) -> dict[str | None, list[Sent]]:
    """What was tried, by the external ids of the recipients."""
    return {
        one.contact.external_id: [
            (attempt.channel, attempt.provider_account_id, attempt.begun_at)
            for attempt in story_of(accepted, place).attempts
        ]
        for place, one in enumerate(accepted.recipients)
    }


def carry_out(organization: Organization, request: DistributionRequest, now: datetime = NOW) -> DryRun:
    """Plan a request, then accept it and live through it; whatever differs fails, and so does what planning wrote."""
    before = everything_stored()
    foreseen = dry_run(organization, request, now)
    assert everything_stored() == before
    accepted = accept(organization, None, request, now)
    skipped = [(one.contact.external_id, one.refusal) for one in foreseen.contacts if one.refusal is not None]
    assert skipped == [(one.contact.external_id, one.refusal) for one in accepted.skipped]
    live_through()
    planned = {
        one.contact.external_id: sends
        for one, sends in zip(foreseen.contacts, sends_of(foreseen), strict=True)
        if one.refusal is None
    }
    assert planned == sent_by(accepted)
    for place, one in enumerate(one for one in foreseen.contacts if one.refusal is None):
        if request.is_sent and not one.forecast.steps:
            story = story_of(accepted, place)
            assert (story.state, story.reason) == ("stopped", one.forecast.skipped_steps[-1].refusal.reason)
    return foreseen


def departures(foreseen: DryRun, place: int = 0) -> list[tuple[datetime, Delay]]:
    return [(step.departure.at, step.departure.delay) for step in foreseen.contacts[place].forecast.steps]


def touch(organization: Organization, number: int, last_sent_at: datetime, survey: Survey | None = None) -> Contact:
    """Somebody who was sent a survey then."""
    contact = Contact.objects.create(organization=organization, **given(number))
    Touch.objects.create(
        contact_id=contact.pk,
        survey_id=survey.pk if survey else new_id(),
        recipient_id=0,
        last_sent_at=last_sent_at,
    )
    return contact


def be_quiet(organization: Organization, quiet_from: int, quiet_until: int) -> None:
    organization.quiet_from, organization.quiet_until = time(quiet_from), time(quiet_until)
    organization.save()


def everything_stored() -> Mapping[str, Any]:
    """The rows of every table, and where every sequence stands."""
    stored: dict[str, Any] = {
        model._meta.label: sorted(map(repr, model._base_manager.values_list())) for model in apps.get_models()
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename")
        stored["sequences"] = cursor.fetchall()
    return stored
