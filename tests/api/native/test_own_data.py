"""`attributes` of a native call: data for every recipient of a distribution."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage, Template, TemplateVariant
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.engine.exports.filters import ExportFilters
from distributor.engine.exports.journeys import read_journeys
from distributor.engine.exports.pages import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.export import export_contact
from distributor.models import Distribution, Survey
from tests.support.api.bodies import people
from tests.support.engine.people import arm_follow_ups, dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def step(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> dict[str, Any]:
    TemplateVariant.objects.update(subject="", text="${contact:ward} ${contact:season} ${link}", html="")
    email = Channel.EMAIL
    return {"channel": "email", "providerIds": [str(accounts[email].pk)], "templateId": str(templates[email].pk)}


@pytest.fixture
def body(survey: Survey, step: dict[str, Any]) -> dict[str, Any]:
    """A send to two people, of whom the first is said to be elsewhere."""
    first, second = people(2)
    contacts = [{**first, "embeddedData": {"ward": "A"}}, second]
    data = {"ward": "B", "season": "spring"}
    return {"surveyId": str(survey.pk), "steps": [step], "audience": {"contacts": contacts}, "attributes": data}


def texts() -> list[str]:
    arm_follow_ups()
    dispatch()
    found = [message.text.rsplit(" ", 1)[0] for message in SandboxMessage.objects.order_by("to")]
    SandboxMessage.objects.all().delete()
    return found


def test_a_contacts_own_data_in_the_call_counts_before_the_distributions(
    client: Client, post_it: Callable[[Any], Any], body: dict[str, Any], organization: Organization
) -> None:
    made = post_it(body).json()
    assert made["attributes"] == {"ward": "B", "season": "spring"}
    assert client.get(f"/api/v1/distributions/{made['id']}").json()["attributes"] == made["attributes"]
    assert texts() == ["A spring", "B spring"]
    expected = [{"ward": "A", "season": "spring"}, {"ward": "B", "season": "spring"}]
    exported = read_journeys(Scope(organization, ExportFilters(), database_now()), (UUID(int=0), 0), 10)
    assert [journey.data for journey in exported.journeys] == expected
    known = [export_contact(contact) for contact in Contact.objects.order_by("external_id")]
    assert [journey.attributes for person in known for journey in person.journeys] == expected


def test_an_added_step_adds_data(
    client: Client, post_it: Callable[[Any], Any], body: dict[str, Any], step: dict[str, Any]
) -> None:
    path = f"/api/v1/distributions/{post_it(body).json()['id']}/steps"
    texts()
    said = {**step, "kind": "reminder", "attributes": {"season": "summer"}}
    assert client.post(path, json.dumps(said), content_type="application/json").status_code == 202
    assert Distribution.objects.get().attributes == {"ward": "B", "season": "summer"}
    assert texts() == ["A summer", "B summer"]
