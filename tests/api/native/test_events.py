"""Reading events by cursor, and endpoints over the API."""

import json
from threading import Timer
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from distributor.api.native.events import stream_view
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.outbox.write import NewBundle, write_bundles
from distributor.models import AuditEntry, EventDelivery, EventEndpoint
from distributor.models.event_endpoint import DeliveryState
from distributor.rules.event_types import EventType

ENDPOINTS = "/api/v1/event-endpoints"
GIVEN = {"name": "CRM", "url": "https://example.com/hooks", "types": ["recipient.sent"], "headers": {"X-Key": "s3cret"}}


def write(organization: Organization, *numbers: int) -> None:
    kind = EventType.IMPORT_FINISHED
    write_bundles(NewBundle(kind, organization.pk, details={"ordinal": number}) for number in numbers)


def read(client: Client, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/events", parameters)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, json.dumps(body) if body is not None else "", content_type="application/json")


def make(client: Client, **values: Any) -> dict[str, Any]:
    answer = post(client, ENDPOINTS, {**GIVEN, **values})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_a_reader_goes_on_from_the_cursor_of_the_page_before(organization: Organization, client: Client) -> None:
    write(organization, 1, 2, 3)
    first = read(client, limit=2)
    assert [event["data"]["ordinal"] for event in first["items"]] == [1, 2]
    assert first["hasMore"]
    second = read(client, limit=2, after=first["next"])
    assert [event["data"]["ordinal"] for event in second["items"]] == [3]
    nothing = read(client, after=second["next"])
    assert (nothing["items"], nothing["hasMore"]) == ([], False)
    write(organization, 4)
    assert [event["data"]["ordinal"] for event in read(client, after=nothing["next"])["items"]] == [4]
    assert set(first["items"][0]) == {"id", "type", "version", "occurredAt", "data"}


def test_every_fault_of_a_query_is_named_at_once(client: Client) -> None:
    wrong = {"after": "!", "types": "recipient.sent,nothing", "limit": "0", "wait": "31", "surveyId": "x", "foo": "1"}
    answer = client.get("/api/v1/events", wrong)
    assert answer.status_code == 400
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert pointers == {"?after", "?types", "?limit", "?wait", "?surveyId", "?foo"}


@pytest.mark.django_db(transaction=True)
def test_a_call_waits_for_an_event(organization: Organization, client: Client) -> None:
    from django.db import connection

    def write_later() -> None:
        write(organization, 7)
        connection.close()

    timer = Timer(0.3, write_later)
    timer.start()
    page = read(client, wait=20)
    timer.join()
    assert [event["data"]["ordinal"] for event in page["items"]] == [7]


def test_when_too_many_wait_the_next_is_answered_at_once(client: Client) -> None:
    assert stream_view._waiters.acquire(blocking=False)
    try:
        assert read(client, wait=30)["items"] == []
    finally:
        stream_view._waiters.release()


def test_reading_needs_the_scope_read_and_managing_the_scope_manage(organization: Organization) -> None:
    sender = Client(headers={"x-api-key": create_api_key(organization, "sender", [Scope.SEND])[1]})
    reader = Client(headers={"x-api-key": create_api_key(organization, "reader", [Scope.READ])[1]})
    assert sender.get("/api/v1/events").status_code == 403
    assert reader.get("/api/v1/events").status_code == 200
    assert post(reader, ENDPOINTS, GIVEN).status_code == 403


def test_an_endpoint_shows_its_secret_once_and_its_headers_never(client: Client) -> None:
    made = make(client)
    assert made["secret"].startswith("whsec_")
    assert (made["state"], made["headerNames"], made["batchSize"]) == ("active", ["X-Key"], 1)
    shown = client.get(f"{ENDPOINTS}/{made['id']}")
    assert shown.json() == {name: value for name, value in made.items() if name != "secret"}
    listed = client.get(ENDPOINTS)
    assert listed.json()["items"] == [shown.json()]
    assert b"s3cret" not in shown.content + listed.content
    rotated = post(client, f"{ENDPOINTS}/{made['id']}/rotate-secret").json()
    assert rotated["secret"] != made["secret"]


def test_managing_an_endpoint_is_audited_without_secrets(client: Client) -> None:
    made = make(client)
    path = f"{ENDPOINTS}/{made['id']}"
    assert client.patch(path, {"batchSize": 50}, content_type="application/json").json()["batchSize"] == 50
    post(client, f"{path}/rotate-secret")
    post(client, f"{path}/test")
    assert client.delete(path).status_code == 204
    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in entries] == ["created", "changed", "secret_rotated", "pinged", "deleted"]
    assert {entry.object_type for entry in entries} == {"eventendpoint"}
    assert entries[1].changes == {"batch_size": [1, 50]}
    assert "whsec_" not in str([entry.changes for entry in entries])
    assert "s3cret" not in str([entry.changes for entry in entries])


def test_bad_endpoints_are_refused_with_every_fault(client: Client, settings: LazySettings) -> None:
    settings.ALLOWED_PROVIDER_HOSTS = []
    wrong = {
        "name": "",
        "url": "http://169.254.169.254/latest",
        "types": ["no.such"],
        "batchSize": 101,
        "headers": {"Webhook-Id": "1", "Bad Name": "1", "X-Line": "a\r\nb"},
        "surveyIds": ["x"],
    }
    answer = post(client, ENDPOINTS, wrong)
    assert answer.status_code == 400
    pointers = {fault["pointer"] for fault in answer.json()["errors"]}
    assert pointers == {
        "/name", "/url", "/types/0", "/batchSize", "/headers/Webhook-Id", "/headers/Bad Name", "/headers/X-Line",
        "/surveyIds/0",
    }  # fmt: skip
    for url in ("https://user:pass@example.com/", "ftp://example.com", "https://", "https://[::1]/", "https://a b/"):
        assert post(client, ENDPOINTS, {**GIVEN, "url": url}).status_code == 400, url
    assert not EventEndpoint.objects.exists()


def test_another_host_never_gets_the_headers_of_the_one_before(client: Client) -> None:
    made = make(client)
    path = f"{ENDPOINTS}/{made['id']}"
    same = client.patch(path, {"url": "https://example.com/other"}, content_type="application/json").json()
    assert same["headerNames"] == ["X-Key"]
    other = client.patch(path, {"url": "https://example.org/"}, content_type="application/json").json()
    assert other["headerNames"] == []


def test_endpoints_and_deliveries_of_other_organizations_are_not_found(client: Client) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = Client(headers={"x-api-key": create_api_key(other, "theirs", list(Scope))[1]})
    path = f"{ENDPOINTS}/{make(client)['id']}"
    ping = post(client, f"{path}/test").json()
    assert theirs.get(ENDPOINTS).json()["items"] == []
    assert theirs.get(path).status_code == theirs.delete(path).status_code == 404
    for suffix in ("", f"/{ping['id']}"):
        assert theirs.get(f"{path}/deliveries{suffix}").status_code == 404
    for suffix in ("/test", "/rotate-secret", f"/deliveries/{ping['id']}/redeliver"):
        assert post(theirs, path + suffix).status_code == 404


def test_deliveries_are_listed_read_with_their_body_and_sent_again(client: Client) -> None:
    path = f"{ENDPOINTS}/{make(client)['id']}"
    ping = post(client, f"{path}/test").json()
    assert (ping["state"], ping["tries"], ping["eventIds"]) == ("pending", 0, [])
    EventDelivery.objects.update(state=DeliveryState.DELIVERED, due_at=None, status=200, tried_at=database_now())
    again = post(client, f"{path}/deliveries/{ping['id']}/redeliver")
    assert again.status_code == 202
    assert again.json()["messageId"] == ping["messageId"]
    assert [row["state"] for row in client.get(f"{path}/deliveries").json()["items"]] == ["pending", "delivered"]
    assert len(client.get(f"{path}/deliveries", {"state": "delivered"}).json()["items"]) == 1
    assert client.get(f"{path}/deliveries/{ping['id']}").json()["body"]["type"] == "ping"
    assert client.get(f"{path}/deliveries/999999").status_code == 404


def test_an_endpoint_that_is_switched_off_takes_no_ping(client: Client) -> None:
    path = f"{ENDPOINTS}/{make(client, isActive=False)['id']}/test"
    answer = post(client, path)
    assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_inactive")
    assert not EventDelivery.objects.exists()


def test_a_replay_needs_a_period(client: Client) -> None:
    path = f"{ENDPOINTS}/{make(client)['id']}/replay"
    made = post(client, path, {"from": "2026-03-05T08:00:00Z", "to": "2026-03-05T12:00:00Z"})
    assert made.status_code == 202, made.content
    assert made.json()["from"] == "2026-03-05T08:00:00Z"
    assert post(client, path, {}).status_code == 400
    # Lower case is valid, too (RFC 3339).
    for since, before in (("08:00:00Z", "08:00:00Z"), ("08:00:00z", "07:00:00z"), ("08:00:00z", "09:00:00+02:00")):
        answer = post(client, path, {"from": f"2026-03-05T{since}", "to": f"2026-03-05T{before}"})
        assert answer.status_code == 400, answer.content
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/to"]


def test_an_organization_has_at_most_20_endpoints(client: Client) -> None:
    for number in range(20):
        make(client, name=f"CRM {number}")
    assert post(client, ENDPOINTS, GIVEN).status_code == 409
