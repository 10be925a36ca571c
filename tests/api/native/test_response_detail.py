"""GET and PATCH /api/v1/responses/{id}."""

import json
from typing import Any

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_anonymous, record_response
from distributor.models import AuditEntry, Response, Survey
from tests.engine.conftest import Send, ask, send
from tests.support.api.bodies import faults_in
from tests.support.engine.people import given

__all__ = ["ask", "send"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def response(send: Send) -> Response:
    return record_response(send(1).recipients[0].code, {"score": 9}, database_now())


def change(client: Client, response: Response, attributes: Any) -> Any:
    body = json.dumps({"attributes": attributes})
    return client.patch(f"/api/v1/responses/{response.pk}", body, content_type="application/json")


def test_a_response_is_shown_and_its_attributes_are_changed(client: Client, response: Response) -> None:
    shown = client.get(f"/api/v1/responses/{response.pk}").json()
    assert shown == client.get("/api/v1/responses").json()["items"][0]
    changed = change(client, response, {"visit": 2})
    assert changed.status_code == 200
    assert changed.json() == {**shown, "attributes": {**shown["attributes"], "visit": 2}}
    assert AuditEntry.objects.filter(object_id=str(response.pk)).exists()


def test_nothing_is_stored_with_an_anonymous_response(client: Client, survey: Survey) -> None:
    response = record_anonymous(survey, {"score": 1}, database_now())
    answer = change(client, response, {"visit": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "anonymous_response")


def test_too_much_data_is_refused(client: Client, response: Response) -> None:
    answer = change(client, response, {str(number): "" for number in range(200)})
    assert faults_in(answer) == [("/attributes", "too_many_keys")]


def test_a_response_with_more_data_than_a_contact_can_be_changed_but_gets_no_more(client: Client, send: Send) -> None:
    """A contact, a send and a recipient may each have 200 keys."""
    own, shared = ({f"{layer}{number}": "" for number in range(120)} for layer in ("own", "shared"))
    accepted = send([given(0, embedded_data=own)], attributes=shared)
    response = record_response(accepted.recipients[0].code, {"score": 9}, database_now())
    assert change(client, response, {"own1": "B"}).json()["attributes"]["own1"] == "B"
    assert faults_in(change(client, response, {"visit": 2})) == [("/attributes", "too_many_keys")]


def test_another_organisations_response_is_unknown(response: Response) -> None:
    other = Organization.objects.create(name="Somebody else", slug="somebody-else")
    stranger = Client(headers={"x-api-key": create_api_key(other, "theirs", list(Scope))[1]})
    assert stranger.get(f"/api/v1/responses/{response.pk}").status_code == 404
    assert change(stranger, response, {}).status_code == 404
