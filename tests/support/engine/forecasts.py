"""Dry runs, compared with what then happens."""

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
from tests.support.engine.people import dispatch_at, given, timeline_of

Accounts = dict[Channel, ProviderAccount]
A_DAY = timedelta(days=1)
# A Monday, 22:30 in Warsaw.
NOW = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
Sent = tuple[str, UUID, datetime]


def sends_of(forecast: DryRun) -> list[list[Sent]]:
    """Return the sends of each contact (channel, account, time) if providers accept every message."""
    sends: list[list[Sent]] = []
    for subject in forecast.contacts:
        sends.append([])
        needs_failure = False
        for step in subject.forecast.steps:
            needs_failure |= step.condition is Condition.ON_FAILURE
            if needs_failure and forecast.chain.steps[step.position].kind is StepKind.INVITATION:
                continue
            sends[-1].append(
                (
                    forecast.chain.steps[step.position].channel,
                    option_of(forecast, step.position).account.id,
                    step.departure.at,
                )
            )
    return sends


def option_of(forecast: DryRun, position: int = 0) -> AccountOption:
    carriers = forecast.available_accounts[position]
    assert not isinstance(carriers, Hold)
    [option] = carriers
    return option


def dispatch_everything() -> None:
    """Send everything, each batch at the time for which it waits."""
    for _ in range(100):
        due_at = Batch.objects.filter(state="waiting").aggregate(next=Min("due_at"))["next"]
        if due_at is None:
            return
        dispatch_at(due_at)
    raise AssertionError("a batch waits forever")


def sent_by(accepted: Accepted) -> dict[str | None, list[Sent]]:
    """Return the attempts (channel, account, time) of each recipient, by external ID."""
    return {
        recipient.contact.external_id: [
            (attempt.channel, attempt.provider_account_id, attempt.begun_at)
            for attempt in timeline_of(accepted, place).attempts
        ]
        for place, recipient in enumerate(accepted.recipients)
    }


def check_dry_run(organization: Organization, request: DistributionRequest, now: datetime = NOW) -> DryRun:
    """Check that a dry run writes nothing and forecasts exactly what happens when the request is accepted."""
    before = everything_stored()
    forecast = dry_run(organization, request, now)
    assert everything_stored() == before
    accepted = accept(organization, None, request, now)
    skipped = [
        (subject.contact.external_id, subject.refusal) for subject in forecast.contacts if subject.refusal is not None
    ]
    assert skipped == [(subject.contact.external_id, subject.refusal) for subject in accepted.skipped]
    dispatch_everything()
    planned = {
        subject.contact.external_id: sends
        for subject, sends in zip(forecast.contacts, sends_of(forecast), strict=True)
        if subject.refusal is None
    }
    assert planned == sent_by(accepted)
    for place, subject in enumerate(subject for subject in forecast.contacts if subject.refusal is None):
        if request.is_sent and not subject.forecast.steps:
            timeline = timeline_of(accepted, place)
            assert (timeline.state, timeline.reason) == ("stopped", subject.forecast.skipped_steps[-1].refusal.reason)
    return forecast


def departures(forecast: DryRun, place: int = 0) -> list[tuple[datetime, Delay]]:
    return [(step.departure.at, step.departure.delay) for step in forecast.contacts[place].forecast.steps]


def make_contacted_person(
    organization: Organization, number: int, last_sent_at: datetime, survey: Survey | None = None
) -> Contact:
    """Make a contact that was sent a survey at this time."""
    contact = Contact.objects.create(organization=organization, **given(number))
    Touch.objects.create(
        contact_id=contact.pk,
        survey_id=survey.pk if survey else new_id(),
        recipient_id=0,
        last_sent_at=last_sent_at,
    )
    return contact


def set_quiet_hours(organization: Organization, quiet_from: int, quiet_until: int) -> None:
    organization.quiet_from, organization.quiet_until = time(quiet_from), time(quiet_until)
    organization.save()


def everything_stored() -> Mapping[str, Any]:
    """Return all rows of all tables, and the value of every sequence."""
    stored: dict[str, Any] = {
        model._meta.label: sorted(map(repr, model._base_manager.values_list())) for model in apps.get_models()
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename")
        stored["sequences"] = cursor.fetchall()
    return stored
