"""GET /api/v1/contacts/{id}/export: everything known of a person, and nothing of others."""

import json
from typing import Any

import pytest
from django.test import Client

from channels.events import Event, EventKind
from channels.models import ProviderAccount
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import Contact, MailingList, Membership, Organization
from contacts.models.api_key import Scope
from distributor.api.native.contacts.export_document import ExportDocument
from distributor.engine.consent.erase import erase_contact
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.responses.record import record_response
from distributor.models import Recipient
from tests.api.conftest import Post
from tests.support.api.resources import BASE, patch
from tests.support.engine.people import dispatch
from tests.support.engine.provider_events import report_events

pytestmark = pytest.mark.django_db


def export(client: Client, contact: Contact) -> dict[str, Any]:
    answer = client.get(f"{BASE}/contacts/{contact.pk}/export")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    content: dict[str, Any] = json.loads(answer.getvalue())
    return content


def report(account: ProviderAccount, event_id: str, kind: EventKind, address: str, attempt: str = "") -> None:
    raw = {"event": kind.value}
    report_events(account, Event(event_id, kind, database_now(), attempt, address, detail=f"of {event_id}", raw=raw))


@pytest.fixture
def ann(
    post: Post,
    client: Client,
    body: dict[str, Any],
    accounts: dict[Channel, ProviderAccount],
    organization: Organization,
) -> Contact:
    """A contact of whom there is something in every part of an export; Bob is in the same calls."""
    bob = {"externalId": "PAT-2", "email": "bob@example.com", "phone": "+48600000002", "firstName": "Bob"}
    body["contacts"].append(bob)
    assert post(body, Idempotency_Key="one").status_code == 201
    dispatch()
    ann = Contact.objects.get(external_id="PAT-1")
    recipient = Recipient.objects.get(contact=ann)
    report(accounts[Channel.EMAIL], "opened", EventKind.OPENED, ann.email, attempt_id(recipient.pk, 1))
    record_response(recipient.code, {"score": 9}, database_now())
    listed = MailingList.objects.create(organization=organization, name="Ward B")
    Membership.objects.create(mailing_list=listed, contact=ann)
    report(accounts[Channel.SMS], "replied", EventKind.REPLIED, ann.phone)
    report(accounts[Channel.SMS], "stopped", EventKind.STOPPED, ann.phone)
    report(accounts[Channel.SMS], "of bob", EventKind.REPLIED, "+48600000002")
    post({**body, "audience": {"excludeOptedOut": True}})
    patch(client, f"contacts/{ann.pk}", {"email": "ann.new@example.com"})
    ann.refresh_from_db()
    return ann


def test_an_export_holds_everything_known_of_a_person(client: Client, ann: Contact) -> None:
    data = export(client, ann)
    assert all(data.values())
    assert data["contact"]["email"] == "ann.new@example.com"
    assert [former["address"] for former in data["formerAddresses"]] == ["ann@example.com"]
    assert [event["what"] for event in data["consentEvents"]] == ["stop"]
    assert {suppression["reason"] for suppression in data["suppressions"]} == {"stop"}
    assert [each["name"] for each in data["lists"]] == ["Ward B"]
    [journey] = data["journeys"]
    assert (journey["state"], journey["outcome"]) == ("finished", "sent")
    assert [attempt["state"] for attempt in journey["attempts"]] == ["sent"]
    assert [event["kind"] for event in journey["providerEvents"]] == ["opened"]
    assert [response["answers"] for response in journey["responses"]] == [{"score": 9}]
    assert [message["to"] for message in journey["sandboxMessages"]] == ["ann@example.com"]
    assert [decision["reason"] for decision in data["skipped"]] == ["opted_out"]
    assert [event["detail"] for event in data["texts"]] == ["of replied", "of stopped"]
    assert [part["email"] for answer in data["storedAnswers"] for part in answer["parts"]] == ["ann@example.com"]


def test_an_export_holds_nothing_of_others(client: Client, ann: Contact) -> None:
    text = json.dumps(export(client, ann))
    assert "ob@example.com" not in text
    assert "PAT-2" not in text
    assert "600000002" not in text


def test_the_document_names_every_field_of_the_answer(client: Client, ann: Contact) -> None:
    """The answer is written in pieces, and not by the model that documents it."""
    data = export(client, ann)
    documented = ExportDocument.model_validate(data, extra="forbid", by_alias=True).model_dump(by_alias=True)
    assert _shape(data) == _shape(documented)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else None


def test_exporting_needs_manage_and_a_contact_of_ones_own(client: Client, organization: Organization) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = Contact.objects.create(organization=other, external_id="x")
    ours = Contact.objects.create(organization=organization, external_id="y", email="y@example.com")
    reader = Client(headers={"x-api-key": create_api_key(organization, "tests", [Scope.READ, Scope.SEND])[1]})
    assert reader.get(f"{BASE}/contacts/{ours.pk}/export").status_code == 403
    assert client.get(f"{BASE}/contacts/{foreign.pk}/export").json()["code"] == "not_found"
    erase_contact(ours.pk, database_now())
    assert client.get(f"{BASE}/contacts/{ours.pk}/export").status_code == 404


def test_a_long_export_is_read_in_pieces(client: Client, ann: Contact, django_assert_max_num_queries: Any) -> None:
    first = Recipient.objects.get(contact=ann)
    data = export(client, ann)
    assert [journey["code"] for journey in data["journeys"]] == [first.code]
    with django_assert_max_num_queries(40):
        export(client, ann)
