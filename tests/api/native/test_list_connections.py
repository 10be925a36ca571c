"""/api/v1/lists/{id}/survey"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage, Template
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import MailingList, Organization
from contacts.models.api_key import Scope
from distributor.models import ConnectionStep, Distribution, ListConnection, Recipient, Survey
from tests.support.api.bodies import NOT_GIVEN, changed, faults_in
from tests.support.api.recipient_add import SUCCESS, make_add, make_list, person
from tests.support.api.resources import BASE
from tests.support.engine.people import dispatch

Put = Callable[[Any], Any]
NOBODYS = "019c0000-0000-7000-8000-000000000000"


@pytest.fixture
def mailing_list(organization: Organization) -> MailingList:
    return make_list(organization)


@pytest.fixture
def path(mailing_list: MailingList) -> str:
    return f"{BASE}/lists/{mailing_list.pk}/survey"


@pytest.fixture
def put(client: Client, path: str) -> Put:
    return lambda body: client.put(path, body if isinstance(body, str) else json.dumps(body))


@pytest.fixture
def body(
    survey: Survey, accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]
) -> dict[str, Any]:
    """Everything that can be said."""
    return {
        "surveyId": str(survey.pk),
        "channelMode": "multi",
        "isActive": True,
        "steps": [
            {
                "channel": channel.value,
                "providerId": str(accounts[channel].pk),
                "templateId": str(templates[channel].pk),
                "priority": priority,
                "fallbackDelayMinutes": 60,
            }
            for priority, channel in enumerate((Channel.SMS, Channel.EMAIL), start=1)
        ],
    }


def test_a_list_is_connected_read_and_disconnected(client: Client, put: Put, path: str, body: dict[str, Any]) -> None:
    assert client.get(path).status_code == 404
    made = put(body)
    assert made.status_code == 201
    assert {**made.json(), "createdAt": None} == {**body, "createdAt": None}
    assert client.get(path).json() == made.json()
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.delete(path).status_code == 404


def test_whoever_is_added_is_invited_and_after_the_end_is_not(
    client: Client, put: Put, path: str, body: dict[str, Any]
) -> None:
    put(body)
    add = make_add(client)
    assert add(person(1)).json() == SUCCESS
    client.delete(path)
    assert add(person(2)).json() == SUCCESS
    dispatch()
    assert list(SandboxMessage.objects.values_list("to", flat=True)) == ["+48601000001"]
    assert Recipient.objects.count() == 1


def test_a_connection_is_replaced_as_a_whole(put: Put, body: dict[str, Any]) -> None:
    put(body)
    replaced = put({"surveyId": body["surveyId"], "isActive": False})
    assert replaced.status_code == 200
    assert replaced.json() == {**replaced.json(), "channelMode": "single", "isActive": False, "steps": []}
    assert (ListConnection.objects.count(), ConnectionStep.objects.count()) == (1, 0)


def test_null_means_not_given(put: Put, body: dict[str, Any]) -> None:
    answer = put({**body, "channelMode": None, "isActive": None, "steps": None}).json()
    assert (answer["channelMode"], answer["isActive"], answer["steps"]) == ("single", True, [])


@pytest.mark.parametrize(
    ("pointer", "value", "fault"),
    [
        ("/surveyId", NOT_GIVEN, ("/surveyId", "missing")),
        ("/surveyId", NOBODYS, ("/surveyId", "survey_not_found")),
        ("/channelMode", "both", ("/channelMode", "literal_error")),
        ("/isActive", "yes", ("/isActive", "bool_type")),
        ("/steps", {}, ("/steps", "list_type")),
        ("/colour", "red", ("/colour", "extra_forbidden")),
        ("/steps/0/providerId", NOBODYS, ("/steps/0/providerId", "provider_not_found")),
        ("/steps/1/templateId", NOBODYS, ("/steps/1/templateId", "template_not_found")),
        ("/steps/0/channel", "whatsapp", ("/steps/0/providerId", "provider_wrong_channel")),
        ("/steps/1/priority", 1, ("/steps/1/priority", "named_twice")),
        ("/steps/1/priority", 11, ("/steps/1/priority", "less_than_equal")),
        ("/steps/0/fallbackDelayMinutes", -1, ("/steps/0/fallbackDelayMinutes", "greater_than_equal")),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    put: Put, body: dict[str, Any], pointer: str, value: Any, fault: tuple[str, str]
) -> None:
    response = put(changed(body, pointer, value))
    assert response.status_code == 400
    assert fault in faults_in(response)
    assert not ListConnection.objects.exists()


def test_every_fault_is_named_at_once(put: Put, body: dict[str, Any]) -> None:
    wrong = changed(changed(changed(body, "/surveyId", NOBODYS), "/isActive", 1), "/steps/1/providerId", "x")
    assert set(faults_in(put(wrong))) == {
        ("/surveyId", "survey_not_found"),
        ("/isActive", "bool_type"),
        ("/steps/1/providerId", "uuid_parsing"),
    }
    assert faults_in(put("{")) == [("", "json_invalid")]


def test_another_organisations_list_is_none(body: dict[str, Any], path: str) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    stranger = Client(headers={"x-api-key": create_api_key(other, "theirs", list(Scope))[1]})
    answers = [stranger.get(path), stranger.put(path, json.dumps(body)), stranger.delete(path)]
    assert [answer.status_code for answer in answers] == [404] * 3


@pytest.mark.parametrize(("method", "scope"), [("get", Scope.READ), ("put", Scope.MANAGE), ("delete", Scope.MANAGE)])
def test_each_call_needs_its_scope(organization: Organization, path: str, method: str, scope: Scope) -> None:
    others = [one for one in Scope if one != scope]
    client = Client(headers={"x-api-key": create_api_key(organization, "few", others)[1]})
    assert getattr(client, method)(path).status_code == 403


def test_a_connected_survey_provider_and_template_stay_and_a_list_takes_its_connection_along(
    client: Client, put: Put, body: dict[str, Any], mailing_list: MailingList
) -> None:
    put(body)
    step = body["steps"][0]
    for resource in (
        f"surveys/{body['surveyId']}",
        f"providers/{step['providerId']}",
        f"templates/{step['templateId']}",
    ):
        response = client.delete(f"{BASE}/{resource}")
        assert (response.status_code, faults_in(response)) == (409, [("", "used_by_list_connections")])
    assert client.delete(f"{BASE}/lists/{mailing_list.pk}").status_code == 204
    assert not ListConnection.objects.exists()
    assert not Distribution.objects.exists()
