"""/api/v1/exports"""

import csv
import gzip
import io
import json
from typing import Any

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Contact, Organization, Suppression
from contacts.models.api_key import Scope
from distributor.engine.consent.erase import erase_contact
from distributor.engine.exports.write import write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, Export
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE

EXPORTS = f"{BASE}/exports"


@pytest.fixture
def ann(organization: Organization) -> Contact:
    return Contact.objects.create(
        organization=organization, external_id="007", email="ann@example.com", embedded_data={"plan": "=pro"}
    )


def ask(client: Client, query: str = "", **body: Any) -> Any:
    return client.post(f"{EXPORTS}{query}", json.dumps(body), content_type="application/json")


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def reader(organization: Organization) -> Client:
    return Client(headers={"x-api-key": create_api_key(organization, "reader", [Scope.READ])[1]})


def test_an_export_is_asked_for_read_and_downloaded(client: Client, ann: Contact) -> None:
    answer = ask(client, kind="contacts")
    made = answer.json()
    assert (answer.status_code, made["state"], made["file"], made["size"]) == (202, "queued", None, None)
    assert answer["Location"] == f"{EXPORTS}/{made['id']}"
    early = client.get(f"{EXPORTS}/{made['id']}/file")
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    while write_next(database_now()):
        pass
    ready = client.get(f"{EXPORTS}/{made['id']}").json()
    assert (ready["state"], ready["progress"], ready["rows"]) == ("ready", 1.0, 1)
    answer = client.get(ready["file"])
    data = content(answer)
    assert (len(data), answer["Content-Length"]) == (ready["size"], str(ready["size"]))
    assert answer["Content-Disposition"].startswith('attachment; filename="contacts-')
    [row] = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert (row["externalId"], row["embeddedData.plan"]) == ("007", "'=pro")
    packed = client.get(ready["file"], headers={"accept-encoding": "br, gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(content(packed)) == data
    assert [each["id"] for each in client.get(EXPORTS).json()["items"]] == [made["id"]]
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", "actor_kind"))
    assert actions == [("exported", "api_key"), *[("downloaded", "api_key")] * 2]


def test_a_small_one_is_waited_for(client: Client, ann: Contact) -> None:
    made = ask(client, "?wait=20", kind="contacts", format="ndjson", columns=["email", "embeddedData"]).json()
    assert made["state"] == "ready"
    line = json.loads(content(client.get(made["file"])))
    assert line == {"email": "ann@example.com", "embeddedData": {"plan": "=pro"}}


def test_an_idempotent_call_makes_one_export(client: Client, ann: Contact) -> None:
    bodies = [
        client.post(
            f"{EXPORTS}?wait=20",
            json.dumps({"kind": "contacts"}),
            content_type="application/json",
            headers={"Idempotency-Key": "one"},
        ).json()
        for _ in range(2)
    ]
    assert bodies[0] == bodies[1]
    assert Export.objects.count() == 1


def test_every_fault_is_named_at_once(client: Client) -> None:
    answer = ask(
        client,
        "?wait=99",
        kind="contacts",
        format="pdf",
        filters={"surveyId": "x", "since": "yesterday", "channel": "sms", "listId": str(Contact().pk), "age": 3},
        columns=["email", "shoeSize"],
    )
    assert answer.status_code == 400
    assert set(faults_in(answer)) >= {
        ("?wait", "out_of_range"),
        ("/format", "enum"),
        ("/filters/surveyId", "uuid_parsing"),
        ("/filters/channel", "filter_not_allowed"),
        ("/filters/listId", "not_found"),
        ("/filters/age", "extra_forbidden"),
        ("/columns/1", "unknown_column"),
    }
    assert faults_in(ask(client, kind="links")) == [("/filters", "filter_missing")]
    assert faults_in(ask(client, kind="people")) == [("/kind", "enum")]
    assert not Export.objects.exists()


def test_the_audit_log_is_for_keys_that_manage(client: Client, organization: Organization) -> None:
    reading = reader(organization)
    assert ask(reading, kind="audit").status_code == 403
    made = ask(client, "?wait=20", kind="audit").json()
    for path in ("", "/file"):
        assert reading.get(f"{EXPORTS}/{made['id']}{path}").status_code == 404
    assert reading.get(EXPORTS).json()["items"] == []
    assert reading.delete(f"{EXPORTS}/{made['id']}").status_code == 403
    assert ask(reading, kind="contacts").status_code == 202


def test_another_organisations_exports_do_not_exist(client: Client, ann: Contact) -> None:
    made = ask(client, "?wait=20", kind="contacts").json()
    other = Organization.objects.create(name="Birch", slug="birch")
    stranger = Client(headers={"x-api-key": create_api_key(other, "stranger", list(Scope))[1]})
    for path in ("", "/file"):
        assert stranger.get(f"{EXPORTS}/{made['id']}{path}").status_code == 404
    assert stranger.delete(f"{EXPORTS}/{made['id']}").status_code == 404
    assert stranger.get(EXPORTS).json()["items"] == []


def test_a_deleted_export_and_a_withdrawn_file_are_gone(client: Client, ann: Contact) -> None:
    made, other = (ask(client, "?wait=20", kind="contacts").json() for _ in range(2))
    assert client.delete(f"{EXPORTS}/{made['id']}").status_code == 204
    assert AuditEntry.objects.latest("pk").action == "deleted"
    assert client.get(f"{EXPORTS}/{made['id']}").status_code == 404
    erase_contact(ann.pk, database_now())
    gone = client.get(f"{EXPORTS}/{other['id']}/file")
    assert (gone.status_code, gone.json()["code"]) == (410, "export_withdrawn")


def test_too_many_at_a_time_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distributor.engine.exports.start.MAX_UNFINISHED", 1)
    assert ask(client, kind="contacts").status_code == 202
    refused = ask(client, kind="contacts")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_exports")


def test_suppressions_are_read_on_along_their_index(
    client: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributor.engine.exports.write.PAGE", 2)
    addresses = [("email", f"p{number}@example.com") for number in range(3)] + [("sms", "+48601000001")]
    for channel, address in addresses:
        for reason in ("bounce", "manual"):
            Suppression.objects.create(organization=organization, channel=channel, address=address, reason=reason)
    made = ask(client, "?wait=20", kind="suppressions").json()
    rows = list(csv.reader(io.StringIO(content(client.get(made["file"])).decode("utf-8-sig"), newline="")))
    found = [tuple(row[1:4]) for row in rows[1:]]
    assert found == [(*each, reason) for each in addresses for reason in ("bounce", "manual")]
