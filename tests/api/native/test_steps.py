"""The steps of a native call: invitations, reminders and thank-yous, and what ends the fallbacks."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact, Organization
from distributor.engine.audience.expand import expand_chunk
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Survey
from tests.support.api.bodies import faults_in, people, rows_written
from tests.support.engine.people import dispatch, dispatch_at, messages

PATH = "/api/v1/distributions"
NOBODY = "01a20000-0000-7000-8000-000000000000"

pytestmark = pytest.mark.django_db
Post = Callable[[Any], Any]
Step = Callable[..., dict[str, Any]]


@pytest.fixture
def step(accounts: dict[Channel, ProviderAccount], templates: dict[Channel, Template]) -> Step:
    """A step by a channel, with what else is said of it."""

    def step(channel: Channel = Channel.EMAIL, **said: Any) -> dict[str, Any]:
        named = {"providerIds": [str(accounts[channel].pk)], "templateId": str(templates[channel].pk)}
        return {"channel": str(channel), **named, **said}

    return step


@pytest.fixture
def asked(survey: Survey, step: Step) -> dict[str, Any]:
    """An invitation by e-mail, else by SMS; two reminders; thanks."""
    return {
        "surveyId": str(survey.pk),
        "channelMode": "multi",
        "stopsOn": "delivered",
        "steps": [
            step(kind="thank_you", delayMinutes=0),
            step(kind="reminder", delayMinutes=60),
            step(Channel.SMS, kind="reminder", delayMinutes=1, priority=2),
            step(subject="How was it?", fallbackDelayMinutes=30),
            step(Channel.SMS, kind="invitation", priority=2, fromName="Ward B"),
        ],
        "audience": {"contacts": people(1)},
    }


def test_steps_are_read_back_in_the_order_in_which_they_come(client: Client, post_it: Post, asked: Any) -> None:
    answer = post_it(asked).json()
    read = client.get(f"{PATH}/{answer['id']}").json()
    assert (read["steps"], read["stopsOn"]) == (answer["steps"], "delivered")
    named = ("kind", "channel", "priority", "subject", "fromName", "fallbackDelayMinutes", "delayMinutes")
    assert [tuple(one[name] for name in named) for one in read["steps"]] == [
        ("invitation", "email", 1, "How was it?", None, 30, None),
        ("invitation", "sms", 2, None, "Ward B", None, None),
        ("reminder", "email", 1, None, None, None, 60),
        ("reminder", "sms", 2, None, None, None, 1),
        ("thank_you", "email", 1, None, None, None, 0),
    ]
    assert client.get(PATH).json()["items"][0] == read


def test_several_providers_are_read_back_with_their_weights(
    post_it: Post, asked: dict[str, Any], step: Step, organization: Organization
) -> None:
    second = ProviderAccount.objects.create(organization=organization, name="2", kind="sandbox", channel="email")
    both = [*step()["providerIds"], str(second.pk)]
    (shown,) = post_it({**asked, "steps": [step(providerIds=both, weights=[1, 3])]}).json()["steps"]
    assert (shown["providerIds"], shown["weights"], shown["fixedSplit"]) == (both, [1, 3], False)
    fixed = step(providerIds=both, weights=[1, 3], fixedSplit=True)
    assert post_it({**asked, "steps": [fixed]}).json()["steps"][0]["fixedSplit"] is True
    (shown,) = post_it({**asked, "steps": [step(providerIds=both)]}).json()["steps"]
    assert (shown["providerIds"], shown["weights"]) == (both, None)


def test_reminders_and_thanks_are_sent(client: Client, post_it: Post, asked: dict[str, Any]) -> None:
    made = post_it({**asked, "steps": [one for one in asked["steps"] if one["channel"] == "email"]}).json()
    dispatch()
    dispatch_at(database_now().replace(year=database_now().year + 1))
    assert messages() == ["invitation email", "reminder email"]
    client.post(f"/api/v1/links/{made['links'][0]['code']}/responses", {"answers": {}}, "application/json")
    dispatch()
    assert sorted(messages()) == ["invitation email", "reminder email", "thank_you email"]


def test_an_audience_that_is_expanded_has_reminders_too(
    post_it: Post, asked: dict[str, Any], organization: Organization
) -> None:
    data = {"ward": "B"}
    Contact.objects.create(organization=organization, external_id="PAT-1", email="ann@example.com", embedded_data=data)
    assert post_it({**asked, "audience": {"filter": {"embeddedData": data}}}).status_code == 202
    assert expand_chunk(database_now())
    dispatch()
    dispatch_at(database_now().replace(year=database_now().year + 1))
    assert messages()[:2] == ["invitation email", "reminder email"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"kind": "reminder"}, ("delayMinutes", "missing")),
        ({"kind": "reminder", "delayMinutes": 0}, ("delayMinutes", "no_delay")),
        ({"kind": "reminder", "delayMinutes": -1}, ("delayMinutes", "greater_than_equal")),
        ({"kind": "thank_you", "delayMinutes": None}, ("delayMinutes", "missing")),
        ({"delayMinutes": 5}, ("delayMinutes", "not_of_invitations")),
        ({"delayMinutes": 525_601}, ("delayMinutes", "less_than_equal")),
        (
            {"kind": "thank_you", "delayMinutes": 0, "fallbackDelayMinutes": 5},
            ("fallbackDelayMinutes", "only_of_invitations"),
        ),
        ({"kind": "apology"}, ("kind", "literal_error")),
    ],
)
@pytest.mark.parametrize("also", [{}, {"providerIds": [NOBODY]}, {"priority": 0, "templateId": NOBODY}])
def test_what_does_not_fit_is_named_beside_all_else_that_is_wrong(
    post_it: Post, asked: dict[str, Any], step: Step, said: dict[str, Any], fault: tuple[str, str], also: dict[str, Any]
) -> None:
    before = rows_written()
    response = post_it({**asked, "steps": [step(), step(**said, **also)]})
    assert response.status_code == 400
    others = {"providerIds": "provider_not_found", "priority": "greater_than_equal", "templateId": "template_not_found"}
    expected = {fault, *((name, others[name]) for name in also)}
    assert set(faults_in(response)) == {(f"/steps/1/{name}", code) for name, code in expected}
    assert rows_written() == before


@pytest.mark.parametrize("also", [{}, {"surveyId": NOBODY}])
def test_without_an_invitation_nobody_is_asked(post_it: Post, asked: dict[str, Any], also: dict[str, Any]) -> None:
    response = post_it({**asked, "steps": asked["steps"][:3], **also})
    assert set(faults_in(response)) == {
        ("/steps", "no_invitation"),
        *([("/surveyId", "survey_not_found")] if also else []),
    }


@pytest.mark.parametrize("also", [{}, {"name": 5}])
def test_nobody_is_thanked_for_an_anonymous_response(
    post_it: Post, asked: dict[str, Any], also: dict[str, Any]
) -> None:
    response = post_it({**asked, "linkType": "anonymous", **also})
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/steps/0/kind", "nobody_to_thank"),
        *([("/name", "string_type")] if also else []),
    }


def test_what_is_wrong_with_the_steps_of_a_link_is_named(client: Client, survey: Survey, step: Step) -> None:
    body = {"surveyId": str(survey.pk), "contact": {"externalId": "PAT-1"}, "steps": [step(kind="reminder")]}
    response = client.post("/api/v1/links", json.dumps(body), content_type="application/json")
    assert set(faults_in(response)) == {("/steps/0/delayMinutes", "missing"), ("/steps", "no_invitation")}
