"""POST /api/v1/links."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels.models import SandboxMessage
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Survey
from tests.api.native.create_distribution.conftest import NOBODY
from tests.support.api.bodies import faults_in
from tests.support.engine.people import dispatch


def make_link(client: Client, body: dict[str, Any]) -> Any:
    return client.post("/api/v1/links", json.dumps(body), content_type="application/json")


@pytest.mark.usefixtures("ticked")
def test_a_link_for_one_contact_is_made_without_a_send(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    expires_at = (database_now() + timedelta(days=1)).isoformat()
    contact = {"externalId": "PAT-1", "email": "ann@example.com", "embeddedData": {"ward": "B"}, "locale": "pl"}
    response = make_link(client, {"surveyId": str(survey.pk), "contact": contact, "expiresAt": expires_at})
    assert response.status_code == 201, response.content
    made = response.json()
    context = client.get(f"/api/v1/links/{made['code']}").json()
    assert (context["state"], context["attributes"], context["locale"]) == ("open", {"ward": "B"}, "pl")
    assert (context["contact"]["id"], context["distributionId"]) == (made["contactId"], made["distributionId"])
    assert client.get(f"/p/{made['code']}").status_code == 200
    dispatch()
    assert not SandboxMessage.objects.exists()


def test_a_link_may_name_its_steps(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    body = {"surveyId": str(survey.pk), "contact": {"externalId": "PAT-1"}, "steps": [{**step, "priority": 5}]}
    assert make_link(client, body).status_code == 201
    assert Distribution.objects.get().steps.get().priority == 5


def test_without_defaults_a_link_has_no_channel(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    response = make_link(client, {"surveyId": str(survey.pk), "contact": {"externalId": "PAT-1"}})
    assert (response.status_code, response.json()["code"]) == (409, "no_channel")


def test_what_is_wrong_with_a_link_is_named(client: Client, survey: Survey, step: dict[str, Any]) -> None:
    body = {"surveyId": NOBODY, "contact": {"firstName": "Ann", "contactId": None}, "expiresAt": "soon"}
    response = make_link(client, body)
    assert response.status_code == 400
    assert set(faults_in(response)) == {
        ("/surveyId", "survey_not_found"),
        ("/contact", "no_identifier"),
        ("/expiresAt", "datetime_parsing"),
    }
