"""Refused quick calls: every fault is reported at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.ids import new_id
from tests.api.conftest import Post
from tests.support.api.bodies import NOTHING, changed, faults_in, rows_written


def test_a_problem_has_every_member(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "channelMode": "both"})
    assert response.json() == {
        "type": f"{settings.PUBLIC_BASE_URL}/errors/invalid_request",
        "title": "Bad Request",
        "status": 400,
        "code": "invalid_request",
        "detail": "The request has a fault.",
        "requestId": response["X-Request-Id"],
        "errors": [
            {"pointer": "/channelMode", "code": "literal_error", "detail": "Input should be 'single' or 'multi'"}
        ],
    }


def test_faults_of_every_kind_are_reported_at_once(
    client: Client,
    body: dict[str, Any],
    channel_of: Callable[..., dict[str, Any]],
    accounts: dict[Channel, ProviderAccount],
) -> None:
    wrong = {
        "surveyId": str(new_id()),
        "contacts": [
            {},
            {"email": "nobody", "firstName": "a\nb", "phone": "12", "embeddedData": {"k": [0, 2**63], "a/b": "\0"}},
            {"contactId": str(new_id())},
            {"externalId": "PAT-1"},
            "ann",
        ],
        "channels": [
            channel_of("email", priority=11),
            channel_of("sms", providerId=str(accounts[Channel.EMAIL].pk), templateId=str(new_id())),
            channel_of("email"),
        ],
        "channelMode": "both",
        "scheduledAt": "tomorrow",
        "settings": {"recentContactDays": 0, "excludeOptedOut": "no"},
        "name": "x" * 256,
    }
    path = f"/api/surveys/{new_id()}/distributions/quick"
    response = client.post(path, json.dumps(wrong), content_type="application/json")
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/surveyId", "survey_mismatch"),
        ("/contacts/0", "no_identifier"),
        ("/contacts/1/email", "invalid_email"),
        ("/contacts/1/firstName", "not_one_line"),
        ("/contacts/1/phone", "invalid_phone"),
        ("/contacts/1/embeddedData/k/1", "number_range"),
        ("/contacts/1/embeddedData/a~1b", "nul_character"),
        ("/contacts/2/contactId", "contact_not_found"),
        ("/contacts/4", "dict_type"),
        ("/channels/0/priority", "less_than_equal"),
        ("/channels/1/providerId", "provider_wrong_channel"),
        ("/channels/1/templateId", "template_not_found"),
        ("/channelMode", "literal_error"),
        ("/scheduledAt", "datetime_parsing"),
        ("/settings/recentContactDays", "greater_than_equal"),
        ("/settings/excludeOptedOut", "bool_type"),
        ("/name", "string_too_long"),
    }
    assert len(faults_in(response)) == len(set(faults_in(response)))
    assert response.json()["detail"] == f"The request has {len(faults_in(response))} faults."
    assert rows_written() == NOTHING


def test_wrong_references_are_reported_with_unknown_contacts(post: Post, body: dict[str, Any]) -> None:
    wrong = changed(changed(body, "/channels/0/providerId", str(new_id())), "/contacts/0/contactId", str(new_id()))
    response = post(wrong)
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/channels/0/providerId", "provider_not_found"),
        ("/contacts/0/contactId", "contact_not_found"),
    }


def test_a_survey_mismatch_is_reported_with_other_faults(post: Post, body: dict[str, Any]) -> None:
    wrong = changed({**body, "surveyId": str(new_id())}, "/channels/0/templateId", str(new_id()))
    assert set(faults_in(post(wrong))) == {
        ("/surveyId", "survey_mismatch"),
        ("/channels/0/templateId", "template_not_found"),
    }


def test_a_hundred_faults_are_told_and_the_others_counted(post: Post, body: dict[str, Any]) -> None:
    response = post({**body, "contacts": [{}] * 1_000})
    told = [f"/contacts/{number}" for number in range(100)]
    assert [pointer for pointer, _code in faults_in(response)] == [*told, ""]
    assert response.json()["errors"][-1]["detail"] == "There are 900 more faults."
    assert response.json()["detail"] == "The request has 1000 faults."


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        '{"surveyId": ',
        "{'surveyId': 1}",
        "null",
        "[]",
        "1",
        '"text"',
        b"\xff\xfe",
        b'{"name": "\xff"}',
        '{"name": "\\ud800"}',
        '\ufeff\ufeff{"name": "x"}',
        "{} {}",
        "[" * 100_000,
        '{"a":' * 10_000,
        "surveyId=1&contacts=2",
    ],
)
def test_a_body_that_is_not_a_json_object_is_one_fault(post: Post, text: str | bytes) -> None:
    response = post(text)
    assert response.status_code == 400
    assert [pointer for pointer, _code in faults_in(response)] == [""]


def test_an_error_does_not_repeat_given_values(post: Post, body: dict[str, Any]) -> None:
    response = post(changed(body, "/contacts/0/email", "ann.private"))
    assert response.status_code == 400
    assert b"ann.private" not in response.content
