"""An operator, and a distribution through the sandbox: one recipient sent to, one failed, one skipped, one waiting."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.contact_fields import ContactFields
from contacts.models import Contact, Organization
from distributor.engine.acceptance.accept import accept
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.models import Distribution, Recipient, Response, Survey
from distributor.rules.requests import DistributionRequest, StepRequest


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_superuser("olga")


@pytest.fixture
def operator(user: User) -> Client:
    """A logged-in superuser's browser."""
    client = Client()
    client.force_login(user)
    return client


def person(external_id: str, first_name: str = "") -> ContactFields:
    return {
        "external_id": external_id,
        "email": f"{external_id}@example.com",
        "first_name": first_name,
        "embedded_data": {"ward": "B"},
    }


def send(
    survey: Survey,
    account: ProviderAccount,
    template: Template,
    contacts: list[ContactFields],
    *,
    name: str = "Spring visits",
    delay: timedelta = timedelta(0),
) -> Distribution:
    """Accept a distribution and dispatch what is due."""
    now = database_now()
    request = DistributionRequest(
        source="test",
        survey_id=survey.id,
        contacts=contacts,
        steps=[StepRequest(account.channel, account.id, template.id)],
        name=name,
        scheduled_at=now + delay if delay else None,
    )
    accepted = accept(survey.organization, None, request, now)
    while dispatch_lane("urgent", database_now):
        pass
    return Distribution.objects.get(pk=accepted.distribution.pk)


@pytest.fixture
def distribution(
    organization: Organization,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> Distribution:
    account = accounts[Channel.EMAIL]
    account.configuration = {"failAddresses": {"bob@example.com": "permanent", "carla@example.com": "transient"}}
    account.save()
    Contact.objects.create(
        organization=organization, external_id="dora", email="dora@example.com", opted_out_at=database_now()
    )
    people = [person("anna", first_name="Anna"), person("bob"), person("carla"), person("dora")]
    return send(survey, account, templates[Channel.EMAIL], people)


@pytest.fixture
def anna(distribution: Distribution) -> Recipient:
    """The recipient who was sent to."""
    return Recipient.objects.select_related("contact").get(contact__external_id="anna")


@pytest.fixture
def carla(distribution: Distribution) -> Recipient:
    """The recipient whose mail server failed temporarily: she waits for the next attempt."""
    return Recipient.objects.select_related("contact").get(contact__external_id="carla")


@pytest.fixture
def response(anna: Recipient) -> Response:
    """Anna's response."""
    return record_response(anna.code, {"rating": 9, "comment": "Kind people"}, database_now())
