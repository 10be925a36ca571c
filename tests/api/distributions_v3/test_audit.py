"""Managing calls are recorded with the row that they made, changed or deleted."""

from typing import Any

from django.test import Client

from contacts.models import Contact, MailingList, Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id, read_id
from distributor.models import AuditEntry, EventEndpoint
from tests.support.api.lists_and_links import call, lists_path, result_of


def entries() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", "object_type", "object_id"))


def test_lists_are_recorded_as_made(client: Client, organization: Organization) -> None:
    for path in (lists_path(organization), "mailinglists/"):
        result_of(call(client, "POST", path, {"name": "Ward B"}))
    assert entries() == [("created", "mailinglist", str(made.pk)) for made in MailingList.objects.order_by("pk")]


def test_a_contact_is_recorded_as_made_once(client: Client, organization: Organization) -> None:
    path = f"directories/{public_id(Kind.DIRECTORY, organization.pk)}/contacts"
    for first_name in ("Ann", "Anna"):
        result_of(call(client, "POST", path, {"extRef": "PAT-1", "firstName": first_name}))
    contact_id = str(Contact.objects.get().pk)
    assert entries() == [("created", "contact", contact_id), ("changed", "contact", contact_id)]


def test_messages_are_recorded_as_made_and_deleted(client: Client, organization: Organization) -> None:
    path = f"libraries/{public_id(Kind.LIBRARY, organization.pk)}/messages"
    body = {"description": "How was it?", "category": "invite", "messages": {"en": "${l://SurveyURL}"}}
    made = result_of(call(client, "POST", path, body))["id"]
    assert call(client, "DELETE", f"{path}/{made}").status_code == 200
    keys = read_id(Kind.MESSAGE, made)
    assert [(action, kind) for action, kind, _ in entries()] == [("created", "template"), ("deleted", "template")]
    assert all(keys and str(keys.first)[:24] == key[:24] for *_, key in entries())


def test_subscriptions_are_recorded_as_made_and_deleted_one_by_one(client: Client) -> None:
    body: dict[str, Any] = {"topics": "*", "publicationUrl": "https://example.com/hooks", "sharedKey": "k5Tn0qRw"}
    first = result_of(call(client, "POST", "eventsubscriptions", body))["id"]
    for _ in range(2):
        result_of(call(client, "POST", "eventsubscriptions", body))
    keys = [str(key) for key in EventEndpoint.objects.order_by("pk").values_list("pk", flat=True)]
    assert call(client, "DELETE", f"eventsubscriptions/{first}").status_code == 200
    assert call(client, "DELETE", "eventsubscriptions").status_code == 200
    assert not EventEndpoint.objects.exists()
    made, deleted = entries()[:3], entries()[3:]
    assert made == [("created", "eventendpoint", key) for key in keys]
    assert deleted[0] == ("deleted", "eventendpoint", keys[0])
    assert sorted(deleted[1:]) == [("deleted", "eventendpoint", key) for key in keys[1:]]
    assert "k5Tn0qRw" not in str(list(AuditEntry.objects.values()))
