"""The audit log: who changed what, without secrets, texts and people; never changed itself."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import ApiKey, Contact, MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.privacy.retention import delete_due
from distributor.models import AuditEntry, Distribution, RetentionRun, Survey
from tests.api.conftest import Post
from tests.support.admin_pages import act, address, listed
from tests.support.api.resources import BASE, BODIES, make, patch
from tests.support.api.resources import post as post_to

pytestmark = pytest.mark.django_db


def actions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "object_type"))


def test_a_managing_call_is_recorded_with_who_what_and_which_row(client: Client, organization: Organization) -> None:
    made = make(client, "contacts")
    response = client.patch(
        f"{BASE}/contacts/{made['id']}",
        '{"firstName": "Zed"}',
        content_type="application/json",
        headers={"x-request-id": "call-7"},
    )
    assert response.status_code == 200
    key, entry = ApiKey.objects.get(), AuditEntry.objects.latest("pk")
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("api_key", str(key.pk), f"tests ({key.prefix})")
    assert (entry.action, entry.object_type, entry.object_id) == ("changed", "contact", made["id"])
    assert (entry.organization_id, entry.request_id) == (organization.pk, "call-7")
    assert entry.changes == {"first_name": ["…", "…"]}
    assert AuditEntry.objects.earliest("pk").action == "created"


@pytest.mark.parametrize("resource", ["contacts", "lists", "templates", "providers", "surveys", "suppressions"])
def test_each_resource_is_recorded_when_made_changed_and_deleted(
    client: Client, resource: str, allowed_host: None
) -> None:
    made = make(client, resource)
    if resource != "suppressions":
        change = {"title": "Dr"} if resource == "contacts" else {"name": "Other"}
        assert patch(client, f"{resource}/{made['id']}", change).status_code == 200
    assert client.delete(f"{BASE}/{resource}/{made['id']}").status_code == 204
    verbs = [action for action, _ in actions()]
    expected = ["suppressed", "lifted"] if resource == "suppressions" else ["created", "changed", "deleted"]
    assert verbs == (["created", "changed", "erased"] if resource == "contacts" else expected)
    assert set(AuditEntry.objects.values_list("object_id", flat=True)) == {made["id"]}


def test_settings_are_kept_before_and_after_and_secrets_and_people_are_not(
    client: Client, accounts: dict[Channel, ProviderAccount]
) -> None:
    account = make(client, "providers")
    patch(client, f"providers/{account['id']}", {"ratePerSecond": 3, "name": "Night", "fromEmail": "ann@example.com"})
    entry = AuditEntry.objects.latest("pk")
    assert entry.changes["rate_per_second"][1] == 3
    assert entry.changes["name"][1] == "Night"
    assert entry.changes["from_email"] == ["…", "…"]
    make(client, "contacts")
    make(client, "suppressions")
    make(client, "templates")
    text = str(list(AuditEntry.objects.values()))
    secrets = BODIES["providers"].get("credentials", {}).values()
    words = ("example.com", "Ann", "600000001", "Hello", *secrets)
    assert [word for word in words if str(word) in text] == []


def test_pausing_and_cancelling_are_recorded_and_sending_is_not(
    client: Client, post: Post, body: dict[str, Any]
) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert post({**body, "scheduledAt": "2999-01-01T00:00:00Z"}, Idempotency_Key="1").status_code == 201
    assert not any("auditentry" in query["sql"] for query in captured.captured_queries)
    distribution = Distribution.objects.get()
    for verb in ("pause", "resume", "cancel"):
        assert client.post(f"{BASE}/distributions/{distribution.pk}/{verb}").status_code == 200
    assert actions() == [(verb, "distribution") for verb in ("paused", "resumed", "cancelled")]
    assert list(AuditEntry.objects.earliest("pk").changes) == ["paused_at"]


def test_what_is_of_a_row_changes_the_row(client: Client, survey: Survey) -> None:
    """A list's survey and members are parts of the list; taking one away deletes no list."""
    listed_id, contact = make(client, "lists")["id"], make(client, "contacts")
    assert patch(client, f"lists/{listed_id}/contacts", {"add": [contact["id"]]}).status_code == 200
    path = f"{BASE}/lists/{listed_id}/survey"
    body = {"surveyId": str(survey.pk), "channels": []}
    assert client.put(path, json.dumps(body), content_type="application/json").status_code in (200, 201, 400)
    client.delete(path)
    assert {action for action, kind in actions()[2:]} == {"changed"}
    assert set(AuditEntry.objects.exclude(action="created").values_list("object_id", flat=True)) == {listed_id}


def test_another_dialects_ids_are_read(client: Client, organization: Organization) -> None:
    made = MailingList.objects.create(organization=organization, name="Ward B")
    directory, listed_id = public_id(Kind.DIRECTORY, organization.pk), public_id(Kind.MAILING_LIST, made.pk)
    answer = client.delete(f"/API/v3/directories/{directory}/mailinglists/{listed_id}")
    assert answer.status_code == 200, answer.content
    assert list(AuditEntry.objects.values_list("action", "object_type", "object_id")) == [
        ("deleted", "mailinglist", str(made.pk))
    ]


def test_reading_an_export_is_recorded_and_other_reading_is_not(client: Client) -> None:
    made = make(client, "contacts")
    client.get(f"{BASE}/contacts/{made['id']}")
    client.get(f"{BASE}/contacts/{made['id']}/export").getvalue()
    assert actions() == [("created", "contact"), ("exported", "contact")]


def test_a_refused_call_and_a_dry_run_leave_no_entry(client: Client) -> None:
    assert post_to(client, "contacts", {}).status_code == 400
    assert client.delete(f"{BASE}/contacts/0194c4f0-5a3d-7b19-a0c4-9d1e2f3a4b5c").status_code == 404
    assert post_to(client, "erasures", {"address": "ann@example.com", "dryRun": True}).status_code == 200
    assert actions() == []
    assert post_to(client, "erasures", {"address": "ann@example.com"}).status_code == 200
    assert [action for action, _ in actions()] == ["erased"]


@pytest.mark.parametrize(
    "statement", ["UPDATE distributor_auditentry SET action = 'x'", "DELETE FROM distributor_auditentry"]
)
def test_the_log_is_append_only(client: Client, statement: str) -> None:
    make(client, "contacts")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_only_retention_deletes_of_it(client: Client, organization: Organization) -> None:
    make(client, "contacts")
    organization.keep_audit_days = 30
    organization.save()
    old = AuditEntry.objects.get()
    old.pk, old.at = None, database_now().replace(year=2020)
    old.save(force_insert=True)
    RetentionRun.objects.update(due_at=database_now())
    while delete_due(database_now):
        pass
    assert AuditEntry.objects.get().at.year != 2020


def test_the_admin_is_recorded_too(organization: Organization, survey: Survey) -> None:
    User.objects.create_superuser("olga", password="secret-7")
    operator, contact = Client(), Contact.objects.create(organization=organization, external_id="PAT-1")
    for password, status in (("wrong", 200), ("secret-7", 302)):
        assert operator.post("/admin/login/", {"username": "olga", "password": password}).status_code == status
    act(operator, "opt_out", contact)
    operator.post(
        address(survey, "change"), {"name": "New name", "default_locale": "en", "texts": "{}", "question": "Why?"}
    )
    key = {"organization": organization.pk, "name": "HIS", "scopes": ["read"]}
    assert operator.post(address(ApiKey, "add"), key).status_code == 200
    assert actions() == [
        ("login_failed", ""),
        ("logged_in", ""),
        ("opted_out", "contact"),
        ("changed", "survey"),
        ("key_minted", "apikey"),
    ]
    changed = AuditEntry.objects.get(action="changed")
    assert changed.actor_name == "olga"
    assert changed.organization_id == organization.pk
    assert changed.changes == {"name": ["Your stay", "New name"], "question": ["", "…"]}
    assert listed(operator, AuditEntry, q=str(survey.pk)) == [changed]
    assert listed(operator, AuditEntry, organization_id=organization.pk, past_days="1", object_type="survey") == [
        changed
    ]
    page = operator.get(address(changed, "change"))
    assert page.status_code == 200
    assert b"New name" in page.content
    assert operator.post(address(changed, "change"), {"action": "x"}).status_code == 403
