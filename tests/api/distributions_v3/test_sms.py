"""Distributions by SMS are read, and deleted, below their own path."""

from typing import Any

import pytest
from django.test import Client

from channels.models import ProviderAccount
from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import KeyKind, Scope
from distributor.api.dialects.distributions_v3.distributions import sms
from distributor.models import Distribution
from tests.support.api.lists_and_links import call, elements_of, error_of, result_of
from tests.support.engine.people import dispatch


def test_a_distribution_by_sms_is_shown_with_its_counts(
    client: Client, sms_body: dict[str, Any], send_body: dict[str, Any]
) -> None:
    made = result_of(call(client, "POST", "distributions/sms", {**sms_body, "name": "January"}))
    email = result_of(call(client, "POST", "distributions", send_body))
    dispatch()
    reminder = {**sms_body, "method": "Reminder", "parentDistributionId": made["id"], "sendDate": None}
    del reminder["recipients"]
    added = result_of(call(client, "POST", "distributions/sms", reminder))
    shown = elements_of(call(client, "GET", f"distributions/sms?surveyId={sms_body['surveyId']}"))
    assert [(one["id"], one["requestType"]) for one in shown] == [(added["id"], "Reminder"), (made["id"], "Invite")]
    assert {one["name"] for one in shown} == {"January"}
    assert shown[0]["parentDistributionId"] == made["id"]
    one = result_of(call(client, "GET", f"distributions/sms/{made['id']}?surveyId={sms_body['surveyId']}"))
    assert one == shown[1]
    assert one["stats"] == {"sent": 5, "failed": 0, "started": 0, "finished": 0, "credits": None, "segments": None}
    assert one["message"] == {**sms_body["message"], "messageText": None, "messageType": None}
    assert one["recipients"]["mailingListId"] == sms_body["recipients"]["mailingListId"]
    error_of(call(client, "GET", f"distributions/sms/{email['id']}"), "404 - Not Found")
    assert [one["id"] for one in elements_of(call(client, "GET", "distributions/sms?pageSize=1"))] == [added["id"]]


def test_a_distribution_by_sms_is_deleted(client: Client, sms_body: dict[str, Any], send_body: dict[str, Any]) -> None:
    made = result_of(call(client, "POST", "distributions/sms", sms_body))
    email = result_of(call(client, "POST", "distributions", send_body))
    assert call(client, "DELETE", f"distributions/sms/{made['id']}").status_code == 200
    error_of(call(client, "DELETE", f"distributions/sms/{email['id']}"), "404 - Not Found")
    assert Distribution.objects.filter(deleted_at=None).count() == 1
    assert elements_of(call(client, "GET", "distributions/sms")) == []


def test_links_without_messages_are_no_distribution_by_sms(client: Client, links_body: dict[str, Any]) -> None:
    ProviderAccount.objects.exclude(channel="sms").update(is_default=False)
    made = result_of(call(client, "POST", "distributions", links_body))
    assert Distribution.objects.get().steps.get().channel == "sms"
    assert elements_of(call(client, "GET", "distributions/sms")) == []
    for method in ("GET", "DELETE"):
        error_of(call(client, method, f"distributions/sms/{made['id']}"), "404 - Not Found")
    assert [one["id"] for one in elements_of(call(client, "GET", "distributions"))] == [made["id"]]


def test_a_distribution_that_is_deleted_meanwhile_is_not_found(
    client: Client, sms_body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = result_of(call(client, "POST", "distributions/sms", sms_body))
    monkeypatch.setattr(sms, "render_keys", lambda *_: [])
    error_of(call(client, "GET", f"distributions/sms/{made['id']}"), "404 - Not Found")


def test_a_team_key_adds_no_reminder_to_a_live_distribution(
    client: Client, sms_body: dict[str, Any], organization: Organization
) -> None:
    made = result_of(call(client, "POST", "distributions/sms", sms_body))
    team_key = create_api_key(organization, "team", [Scope.SEND], kind=KeyKind.TEAM)[1]
    reminder = {**sms_body, "method": "Reminder", "parentDistributionId": made["id"], "sendDate": None}
    answer = call(Client(headers={"x-api-key": team_key}), "POST", "distributions/sms", reminder)
    assert error_of(answer, "403 - Forbidden")["errorCode"] == "other_kind_of_key"
    assert Distribution.objects.get().steps.count() == 1
