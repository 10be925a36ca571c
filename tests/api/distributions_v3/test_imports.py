"""Many contacts in a call: written at once or by workers, and counted."""

from typing import Any

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import ConsentEvent, Contact, Membership, Organization
from contacts.models.api_key import Scope
from distributor.api.dialects.distributions_v3.imports import body as import_body
from distributor.engine.consent.erase import erase_contact
from distributor.engine.imports import checked
from distributor.engine.imports.write import write_next
from distributor.engine.infrastructure.clock import database_now
from distributor.models import AuditEntry, FileImport, ImportFault, Recipient
from tests.support.api.lists_and_links import call, error_of, faults_of, is_id, lists_path, result_of

KNOWN = {"extRef": "PAT-0", "firstName": "Anna", "embeddedData": {"visits": 3}, "transactionData": {}}
NEW = {"email": "new@example.com", "phone": "N/A", "language": "PL", "unsubscribed": False}


def progress(added: int, updated: int, failed: int, unprocessed: int, percent: float, status: str) -> dict[str, Any]:
    count = {"added": added, "updated": updated, "failed": failed, "unprocessed": unprocessed}
    return {
        "percentComplete": percent,
        "contacts": {"count": count},
        "transactions": {"count": {"created": 0}},
        "status": status,
    }


def test_a_small_import_is_complete_at_once(client: Client, made: str, crowd: list[Contact]) -> None:
    wrong = {"email": "ann@", "firstName": "Ann"}
    given = [KNOWN, NEW, wrong, {"firstName": "Nobody"}, 7, {**NEW, "email": "NEW@example.com", "lastName": "Ono"}]
    response = call(client, "POST", f"{made}/transactioncontacts/", {"contacts": given})
    assert response.status_code == 200
    answer, meta = response.json()["result"], response.json()["meta"]
    assert set(answer) == {"id", "contacts", "tracking", "status"}
    assert is_id("PGRS", answer["id"])
    expected = progress(1, 2, 3, 0, 100.0, "complete")
    assert (answer["contacts"], answer["status"]) == (expected["contacts"], "complete")
    assert [warning["pointer"] for warning in meta["warnings"]] == ["/contacts/1/phone", "/contacts/5/phone"]
    tracking = answer["tracking"]["url"].partition("/API/v3/")[2]
    assert tracking == f"{made}/transactioncontacts/{answer['id']}"
    assert result_of(call(client, "GET", f"{tracking}/")) == expected
    summary = {**expected, "invalidEmails": ["ann@"]}
    assert result_of(call(client, "GET", f"{tracking}/summary")) == summary
    directory = made.partition("/mailinglists")[0]
    report = call(client, "GET", f"{directory}/imports/api-imports/jobs/{answer['id']}/report/").json()
    assert (report["results"], report["result"], report["meta"]["httpStatus"]) == (summary, summary, "200 - OK")
    crowd[0].refresh_from_db()
    assert (crowd[0].first_name, crowd[0].embedded_data["visits"]) == ("Anna", 3)
    new = Contact.objects.get(email__iexact="new@example.com")
    assert (new.last_name, new.phone, new.locale) == ("Ono", "", "PL")
    assert set(Membership.objects.filter(contact__in=[new, crowd[0]]).values_list("contact_id", flat=True)) >= {new.pk}
    assert result_of(call(client, "GET", made))["contactCount"] == 2
    assert AuditEntry.objects.latest("pk").action == "contacts_saved"


def test_people_who_say_no_are_opted_out_and_their_journeys_stop(
    client: Client, made: str, send_body: dict[str, Any], crowd: list[Contact]
) -> None:
    result_of(call(client, "POST", "distributions", {**send_body, "sendDate": "2029-01-01T00:00:00Z"}))
    given = [{"extRef": "PAT-1", "unsubscribed": True}, {"extRef": "X", "unsubscribed": True}, {"extRef": "PAT-2"}]
    for _ in range(2):
        result_of(call(client, "POST", f"{made}/transactioncontacts", {"contacts": given}))
    out = set(Contact.objects.filter(opted_out_at__isnull=False).values_list("external_id", flat=True))
    assert out == {"PAT-1", "X"}
    assert [each.contact_id for each in Recipient.objects.filter(state="stopped")] == [crowd[1].pk]
    assert ConsentEvent.objects.count() == 2
    result_of(
        call(client, "POST", f"{made}/transactioncontacts", {"contacts": [{"extRef": "X", "unsubscribed": False}]})
    )
    assert Contact.objects.get(external_id="X").opted_out_at is not None


def test_a_large_import_is_written_by_workers(client: Client, made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked, "PIECE_ROWS", 2)
    given = [{"extRef": f"X-{number}", "unsubscribed": number == 4} for number in range(5)]
    answer = result_of(call(client, "POST", f"{made}/transactioncontacts", {"contacts": [*given, {"email": "x"}]}))
    assert (answer["status"], answer["contacts"]["count"]["unprocessed"]) == ("in progress", 5)
    one = f"{made}/transactioncontacts/{answer['id']}"
    assert result_of(call(client, "GET", one)) == progress(0, 0, 1, 5, 16.7, "in progress")
    assert write_next(database_now())
    assert result_of(call(client, "GET", one)) == progress(2, 0, 1, 3, 50.0, "in progress")
    while write_next(database_now()):
        pass
    assert result_of(call(client, "GET", one)) == progress(5, 0, 1, 0, 100.0, "complete")
    assert result_of(call(client, "GET", made))["contactCount"] == 5
    assert [each.external_id for each in Contact.objects.filter(opted_out_at__isnull=False)] == ["X-4"]


def test_an_import_whose_list_is_deleted_fails(
    client: Client, made: str, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked, "PIECE_ROWS", 1)
    body = {"contacts": [{"extRef": "X-1"}, {"extRef": "X-2"}]}
    import_id = result_of(call(client, "POST", f"{made}/transactioncontacts", body))["id"]
    assert call(client, "DELETE", made).status_code == 200
    write_next(database_now())
    directory = made.partition("/mailinglists")[0]
    report = call(client, "GET", f"{directory}/imports/api-imports/jobs/{import_id}/report").json()["results"]
    assert (report["status"], report["percentComplete"]) == ("failed", 100.0)
    assert report["contacts"]["count"]["unprocessed"] == 2
    assert not Contact.objects.exists()


def test_data_that_would_be_too_much_for_a_contact_is_a_fault_of_its_row(
    client: Client, made: str, crowd: list[Contact]
) -> None:
    crowd[0].embedded_data = {f"old {number}": 1 for number in range(150)}
    crowd[0].save()
    data = {f"new {number}": 1 for number in range(100)}
    given = {"contacts": [{"extRef": "PAT-0", "embeddedData": data}, {"extRef": "X"}]}
    answer = result_of(call(client, "POST", f"{made}/transactioncontacts", given))
    assert answer["contacts"]["count"] == {"added": 1, "updated": 0, "failed": 1, "unprocessed": 0}
    assert ImportFault.objects.get().cells[2] == "PAT-0"


def test_every_fault_of_the_body_is_named(client: Client, made: str) -> None:
    path = f"{made}/transactioncontacts"
    wrong = {"contacts": [], "transactionMeta": {"batchId": 1, "x": 2}, "y": 3}
    assert sorted(faults_of(call(client, "POST", path, wrong))) == [
        ("/contacts", "too_short"),
        ("/transactionMeta/batchId", "string_type"),
        ("/transactionMeta/x", "extra_forbidden"),
        ("/y", "extra_forbidden"),
    ]
    batch = {"contacts": [KNOWN], "transactionMeta": {"batchId": "BT_1", "fields": ["date"]}}
    assert faults_of(call(client, "POST", path, batch)) == [("/transactionMeta/batchId", "transactions_not_kept")]
    assert not FileImport.objects.exists()
    kept = {"contacts": [{"extRef": "X", "transactionData": {"date": "2026-01-01"}}], "transactionMeta": {"fields": []}}
    warnings = call(client, "POST", path, kept).json()["meta"]["warnings"]
    assert [(each["pointer"], each["code"]) for each in warnings] == [
        ("/contacts/0/transactionData", "transactions_not_kept")
    ]
    too_many = {"contacts": [7] * (import_body.MAX_CONTACTS + 1)}
    assert faults_of(call(client, "POST", path, too_many)) == [("/contacts", "too_long")]


def test_erasing_a_contact_forgets_its_faulty_rows(client: Client, made: str, crowd: list[Contact]) -> None:
    given = {"contacts": [{"extRef": "PAT-1", "email": crowd[1].email, "language": "!"}]}
    result_of(call(client, "POST", f"{made}/transactioncontacts", given))
    assert ImportFault.objects.exists()
    erase_contact(crowd[1].pk, database_now())
    assert not ImportFault.objects.exists()


def test_another_organisations_imports_are_not_found(client: Client, made: str) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    theirs = Client(headers={"x-api-token": create_api_key(other, "theirs", list(Scope))[1]})
    their_lists = lists_path(other)
    their_list = f"{their_lists}/{result_of(call(theirs, 'POST', their_lists, {'name': 'Theirs'}))['id']}"
    body = {"contacts": [{"extRef": "X"}]}
    import_id = result_of(call(theirs, "POST", f"{their_list}/transactioncontacts", body))["id"]
    assert result_of(call(theirs, "GET", f"{their_list}/transactioncontacts/{import_id}"))["status"] == "complete"
    for lists in (made, their_list):
        directory = lists.partition("/mailinglists")[0]
        for address in (
            f"{lists}/transactioncontacts/{import_id}",
            f"{lists}/transactioncontacts/{import_id}/summary",
            f"{directory}/imports/api-imports/jobs/{import_id}/report",
        ):
            error_of(call(client, "GET", address), "404 - Not Found")
    error_of(call(client, "POST", f"{their_list}/transactioncontacts", body), "404 - Not Found")
    another = f"{their_lists}/{result_of(call(theirs, 'POST', their_lists, {'name': 'Another'}))['id']}"
    error_of(call(theirs, "GET", f"{another}/transactioncontacts/{import_id}"), "404 - Not Found")
