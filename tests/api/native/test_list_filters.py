"""Filters, order and cursors of lists, by GET and by POST; and recipients across distributions."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F, QuerySet
from django.test import Client

from contacts.models import Contact, Organization
from distributor.models import Distribution, EventBundle, Recipient
from tests.api.conftest import Post
from tests.support.api.bodies import faults_in, people
from tests.support.api.resources import BASE, post

MINUTE = timedelta(minutes=1)


@pytest.fixture
def distribution(client: Client, post: Post, body: dict[str, Any]) -> Distribution:
    """Four recipients: one sent to, one failed, one stopped and one who waits. All of it was a minute ago."""
    assert post({**body, "contacts": people(4)}).status_code == 201
    for name, values in {
        "PAT-0": {"state": "finished", "outcome": "sent"},
        "PAT-1": {"state": "finished", "outcome": "failed", "reason": "bounced"},
        "PAT-2": {"state": "stopped", "reason": "opted_out"},
    }.items():
        Recipient.objects.filter(contact__external_id=name).update(**values)
    Distribution.objects.update(sent_count=1, failed_count=1, stopped_count=1)
    Contact.objects.update(updated_at=F("updated_at") - MINUTE)
    EventBundle.objects.update(at=F("at") - MINUTE)
    return Distribution.objects.get()


def names(client: Client, path: str, **query: Any) -> list[str]:
    """What a list shows, by GET and by POST, read page by page."""
    by_get: list[str] = []
    by_post: list[str] = []
    for found, call in (
        (by_get, lambda given: client.get(f"{BASE}/{path}", given)),
        (by_post, lambda given: post(client, f"{path}/search", given)),
    ):
        given = {"limit": 2, **query}
        while True:
            answer = call(given)
            assert answer.status_code == 200, answer.content
            page = answer.json()
            found += [item["externalId"] for item in page["items"]]
            assert "Link" not in answer or answer.wsgi_request.method == "GET"
            if page["nextCursor"] is None:
                break
            given["cursor"] = page["nextCursor"]
    assert by_get == by_post
    return by_get


ALL = [f"PAT-{number}" for number in range(4)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ALL[::-1]),
        ({"order": "asc"}, ALL),
        ({"order": "desc"}, ALL[::-1]),
        ({"createdAfter": "2020-01-01T00:00:00Z", "order": "asc"}, ALL),
        ({"createdBefore": "2020-01-01T00:00:00+02:00"}, []),
        ({"updatedAfter": "2020-01-01T00:00:00Z"}, ALL),
        ({"updatedAfter": "2020-01-01T00:00:00Z", "order": "asc"}, ALL),
        ({"updatedAfter": "2100-01-01T00:00:00Z"}, []),
        ({"externalId": "PAT-1"}, ["PAT-1"]),
        ({"externalId": " PAT-1", "email": "P1@example.com"}, ["PAT-1"]),
        ({"externalId": ""}, []),
        ({"email": ""}, []),
    ],
)
def test_contacts(client: Client, distribution: Distribution, query: dict[str, str], found: list[str]) -> None:
    Contact.objects.order_by().update(updated_at=F("updated_at"))
    shown = names(client, "contacts", **query)
    assert (sorted(shown), shown) == (sorted(found), shown if "updatedAfter" in query else found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ALL),
        ({"order": "desc"}, ALL[::-1]),
        ({"state": "sent"}, ["PAT-0"]),
        ({"state": "waiting"}, ["PAT-3"]),
        ({"state": "stopped", "reason": "opted_out"}, ["PAT-2"]),
        ({"reason": "bounced"}, ["PAT-1"]),
        ({"reason": ""}, ["PAT-0", "PAT-3"]),
        ({"state": "failed", "email": "p1@example.com"}, ["PAT-1"]),
        ({"state": "failed", "email": "p2@example.com"}, []),
        ({"createdBefore": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_recipients(client: Client, distribution: Distribution, query: dict[str, str], found: list[str]) -> None:
    assert names(client, f"distributions/{distribution.pk}/recipients", **query) == found


def test_who_waits_in_a_cancelled_distribution_is_stopped(client: Client, distribution: Distribution) -> None:
    Distribution.objects.update(cancelled_at=F("created_at"))
    path = f"distributions/{distribution.pk}/recipients"
    assert names(client, path, state="stopped") == ["PAT-2", "PAT-3"]
    assert names(client, path, reason="cancelled") == ["PAT-3"]
    assert names(client, path, state="waiting") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"externalId": "PAT-1"}, ["PAT-1"]),
        ({"externalId": "PAT-1", "state": "sent"}, []),
        ({"email": "p2@example.com", "reason": "opted_out"}, ["PAT-2"]),
        ({"externalId": ""}, []),
        ({"updatedAfter": "AN HOUR AGO"}, ALL),
        ({"updatedAfter": "AN HOUR AGO", "state": "failed"}, ["PAT-1"]),
        ({"updatedAfter": "AN HOUR AGO", "email": "p3@example.com"}, ["PAT-3"]),
        ({"updatedAfter": "2100-01-01T00:00:00Z"}, []),
    ],
)
def test_recipients_across_distributions(
    client: Client, distribution: Distribution, query: dict[str, str], found: list[str]
) -> None:
    if query.get("updatedAfter") == "AN HOUR AGO":
        query = {**query, "updatedAfter": (distribution.created_at - 60 * MINUTE).isoformat()}
    assert names(client, "recipients", **query) == found
    [item] = client.get(f"{BASE}/recipients", {"externalId": "PAT-1"}).json()["items"]
    assert (item["distributionId"], item["surveyId"]) == (str(distribution.pk), str(distribution.survey_id))


def test_other_organisations_are_not_shown(client: Client, distribution: Distribution) -> None:
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    theirs = Contact.objects.create(organization=stranger, external_id="THEIRS", email="p1@example.com")
    EventBundle.objects.update(organization_id=stranger.pk)
    since = (distribution.created_at - 60 * MINUTE).isoformat()
    assert names(client, "recipients", contactId=str(theirs.pk)) == []
    assert names(client, "recipients", updatedAfter=since) == []
    assert names(client, "contacts", email="p1@example.com") == ["PAT-1"]


def test_distributions_by_survey_and_status(client: Client, distribution: Distribution) -> None:
    for query, count in (
        ({"surveyId": str(distribution.survey_id)}, 1),
        ({"surveyId": str(distribution.pk)}, 0),
        ({"status": "sending"}, 1),
        ({"status": "completed"}, 0),
        ({"createdAfter": "2020-01-01T00:00:00Z", "order": "asc"}, 1),
    ):
        assert len(client.get(f"{BASE}/distributions", query).json()["items"]) == count, query


def test_updated_until_is_on_pages_of_changes_only(client: Client, distribution: Distribution) -> None:
    since = (distribution.created_at - 60 * MINUTE).isoformat()
    for path in ("contacts", "recipients"):
        assert "updatedUntil" in client.get(f"{BASE}/{path}", {"updatedAfter": since}).json()
        assert "updatedUntil" not in client.get(f"{BASE}/{path}", {"externalId": "PAT-1"}).json()


def test_a_recipient_that_is_deleted_while_it_is_read_is_left_out(
    client: Client, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "in_bulk", lambda rows, ids: {})
    since = (distribution.created_at - 60 * MINUTE).isoformat()
    answer = client.get(f"{BASE}/recipients", {"updatedAfter": since})
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_a_cursor_is_of_its_order(client: Client, distribution: Distribution) -> None:
    first = client.get(f"{BASE}/contacts", {"limit": 1}).json()["nextCursor"]
    for other in ({"order": "asc"}, {"updatedAfter": "2020-01-01T00:00:00Z"}):
        answer = client.get(f"{BASE}/contacts", {**other, "cursor": first})
        assert (answer.status_code, faults_in(answer)) == (400, [("?cursor", "invalid_cursor")])
    assert client.get(f"{BASE}/contacts", {"order": "desc", "cursor": first}).status_code == 200


def test_changes_are_listed_oldest_first_only(client: Client, distribution: Distribution) -> None:
    """Newest first, a change between two pages would be on neither, and before the `updatedUntil` of the second."""
    asked = {"updatedAfter": (distribution.created_at - 60 * MINUTE).isoformat(), "order": "desc"}
    for path in ("contacts", "recipients"):
        for sign, answer in (("?", client.get(f"{BASE}/{path}", asked)), ("/", post(client, f"{path}/search", asked))):
            assert (answer.status_code, faults_in(answer)) == (400, [(f"{sign}order", "invalid")])


FAULTS = {
    "surveyId": ("x", "invalid"),
    "contactId": ("", "invalid"),
    "state": ("bounced", "literal_error"),
    "createdAfter": ("2026-03-01", "datetime_parsing"),
    "updatedAfter": ("2026-03-01T00:00:00", "offset_missing"),
    "order": ("newest", "literal_error"),
    "limit": (0, "out_of_range"),
}


def test_every_fault_is_told_at_once(client: Client) -> None:
    given: dict[str, Any] = {name: value for name, (value, _) in FAULTS.items()}
    for sign, answer, unknown in (
        ("?", client.get(f"{BASE}/recipients", {**given, "mail": "x"}), "unknown_parameter"),
        ("/", post(client, "recipients/search", {**given, "mail": "x"}), "extra_forbidden"),
    ):
        expected = {(f"{sign}{name}", code) for name, (_, code) in FAULTS.items()} | {(f"{sign}mail", unknown)}
        assert (answer.status_code, set(faults_in(answer))) == (400, expected)


def test_a_list_that_would_be_everything_needs_a_filter(client: Client) -> None:
    for query in ({}, {"state": "sent"}):
        answer = client.get(f"{BASE}/recipients", query)
        assert (answer.status_code, faults_in(answer)) == (400, [("", "filter_required")])
    answer = client.get(f"{BASE}/recipients", {"updatedAfter": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, faults_in(answer)) == (400, [("?updatedAfter", "datetime_range")])


def test_no_filter_takes_a_nul_to_the_database(client: Client, distribution: Distribution) -> None:
    endpoint = post(client, "event-endpoints", {"name": "CRM", "url": "https://example.com/"}).json()["id"]
    for path, query, status in (
        ("recipients", {"externalId": "PAT-1", "reason": "\0"}, 400),
        ("recipients", {"externalId": "PAT-1", "reason": "x" * 256}, 400),
        (f"distributions/{distribution.pk}/recipients", {"reason": "\0"}, 400),
        (f"distributions/{distribution.pk}/skipped", {"reason": "\0"}, 400),
        (f"distributions/{distribution.pk}/recipients", {"state": "\0"}, 400),
        ("distributions", {"status": "\0"}, 400),
        ("contacts", {"externalId": "\0"}, 200),
        ("responses", {"email": "\0"}, 200),
        ("responses", {"attributes.ward": "\0"}, 400),
        ("suppressions", {"address": "\0"}, 200),
        ("sandbox/messages", {"to": "\0"}, 200),
        ("events", {"types": "\0"}, 400),
        ("events", {"after": "\0"}, 400),
        (f"event-endpoints/{endpoint}/deliveries", {"state": "\0"}, 400),
        ("exports", {"cursor": "\0"}, 400),
    ):
        answer = client.get(f"{BASE}/{path}", query)
        assert answer.status_code == status, (path, query, answer.content)


def test_a_plus_that_is_not_escaped_is_an_offset(client: Client) -> None:
    assert client.get(f"{BASE}/contacts?createdAfter=2026-03-01T00:00:00+01:00").status_code == 200


def test_of_a_contact_that_nobody_knows_there_is_nothing_whatever_else_is_asked(
    client: Client, distribution: Distribution
) -> None:
    asked = {"externalId": "nobody", "createdAfter": "3964-12-06T04:33:31Z", "order": "desc"}
    for path in (
        "recipients",
        f"distributions/{distribution.pk}/recipients",
        f"distributions/{distribution.pk}/skipped",
    ):
        answer = client.get(f"{BASE}/{path}", asked)
        assert (answer.status_code, answer.json()["items"]) == (200, []), path
