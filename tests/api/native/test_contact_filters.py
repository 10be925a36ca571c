"""`?contactId=`, `?externalId=` and `?email=` find one person among recipients and skipped contacts."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision, Distribution, Recipient
from distributor.models.decision import DecisionKind
from tests.api.conftest import Post
from tests.support.api.bodies import faults_in

PLACES = ("recipients", "skipped")
NOBODY = "00000000-0000-7000-8000-000000000000"
INVITED = [
    {"externalId": "PAT-1", "email": "John+Tag@example.com"},
    {"externalId": "PAT-2", "email": "ann@example.com"},
    {"externalId": "PAT-3", "email": "ann@example.com"},
]


@pytest.fixture
def distribution(client: Client, post: Post, body: dict[str, Any], organization: Organization) -> Distribution:
    """Three recipients, and three contacts with the same names and addresses who were skipped."""
    assert post({**body, "contacts": INVITED}).status_code == 201
    distribution = Distribution.objects.get()
    for number, given in enumerate(INVITED, 11):
        contact = Contact.objects.create(
            organization=organization, external_id=f"PAT-{number}", email=given["email"].replace("@", "@skipped.")
        )
        Decision.objects.create(
            distribution_id=distribution.pk,
            contact_id=contact.pk,
            kind=DecisionKind.SKIPPED,
            reason="no_address",
            decided_at=database_now(),
        )
    return distribution


def found(client: Client, distribution: Distribution, place: str, query: str) -> list[str | None]:
    """The external ids of the contacts on the page that a query asks for."""
    answer = client.get(f"/api/v1/distributions/{distribution.pk}/{place}?{query}")
    assert answer.status_code == 200, answer.content
    contacts = Contact.objects.in_bulk()
    return [contacts[UUID(item["contactId"])].external_id for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "recipients"),
    [
        ("externalId=PAT-2", ["PAT-2"]),
        ("email=ann@example.com", ["PAT-2", "PAT-3"]),
        ("email=ANN@Example.com", ["PAT-2", "PAT-3"]),
        ("email=john%2Btag@example.com", ["PAT-1"]),
        ("email=john+tag@example.com", ["PAT-1"]),
        ("email=%20john+tag@example.com%20", ["PAT-1"]),
        ("email=ann@example.com&externalId=PAT-3", ["PAT-3"]),
        ("email=ann@example.com&limit=1", ["PAT-2"]),
        ("email=ann@example.com&externalId=PAT-1", []),
        (f"contactId={NOBODY}", []),
        ("externalId=pat-2", []),
        ("externalId=", []),
        ("externalId=%00", []),
        ("email=nobody@example.com", []),
        ("email=ann", []),
        ("email=", []),
        ("email=%00", []),
        ("", ["PAT-1", "PAT-2", "PAT-3"]),
    ],
)
def test_recipients_are_filtered(client: Client, distribution: Distribution, query: str, recipients: list[str]) -> None:
    assert found(client, distribution, "recipients", query) == recipients


@pytest.mark.parametrize(
    ("query", "skipped"),
    [
        ("externalId=PAT-12", ["PAT-12"]),
        ("email=Ann@Skipped.example.com", ["PAT-12", "PAT-13"]),
        ("email=john+tag@skipped.example.com", ["PAT-11"]),
        ("email=ann@skipped.example.com&externalId=PAT-13", ["PAT-13"]),
        ("externalId=PAT-2", []),
        (f"contactId={NOBODY}", []),
        ("email=", []),
        ("", ["PAT-11", "PAT-12", "PAT-13"]),
    ],
)
def test_skipped_contacts_are_filtered(
    client: Client, distribution: Distribution, query: str, skipped: list[str]
) -> None:
    assert found(client, distribution, "skipped", query) == skipped


@pytest.mark.parametrize(
    ("place", "external_id", "other"), [("recipients", "PAT-2", "PAT-3"), ("skipped", "PAT-12", "PAT-13")]
)
def test_a_contact_id_alone_and_with_other_filters(
    client: Client, distribution: Distribution, place: str, external_id: str, other: str
) -> None:
    contact = Contact.objects.get(external_id=external_id)
    assert found(client, distribution, place, f"contactId={contact.pk}") == [external_id]
    assert found(client, distribution, place, f"contactId={contact.pk}&externalId={external_id}") == [external_id]
    assert found(client, distribution, place, f"contactId={contact.pk}&externalId={other}") == []


def test_the_pages_of_a_filter_follow_one_another(client: Client, distribution: Distribution) -> None:
    path = f"/api/v1/distributions/{distribution.pk}/recipients?email=ann@example.com&limit=1"
    first = client.get(path).json()
    second = client.get(f"{path}&cursor={first['nextCursor']}").json()
    names = [item["externalId"] for page in (first, second) for item in page["items"]]
    assert (names, second["nextCursor"]) == (["PAT-2", "PAT-3"], None)


@pytest.mark.parametrize("place", PLACES)
def test_an_erased_contact_is_found_by_its_id(client: Client, distribution: Distribution, place: str) -> None:
    contact = Contact.objects.get(external_id="PAT-2" if place == "recipients" else "PAT-12")
    assert client.delete(f"/api/v1/contacts/{contact.pk}").status_code == 204
    assert found(client, distribution, place, f"contactId={contact.pk}") == [None]


@pytest.mark.parametrize("place", PLACES)
def test_people_of_another_organisation_are_not_found(client: Client, distribution: Distribution, place: str) -> None:
    stranger = Organization.objects.create(name="Somebody else", slug="somebody-else")
    Contact.objects.create(organization=stranger, external_id="THEIRS", email="theirs@example.com")
    assert found(client, distribution, place, "externalId=THEIRS") == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("contactId=7", [("?contactId", "invalid")]),
        ("contactId=", [("?contactId", "invalid")]),
        ("contactId=7&limit=0", [("?contactId", "invalid"), ("?limit", "out_of_range")]),
        ("contactId=7&email=ann@example.com", [("?contactId", "invalid")]),
    ],
)
def test_invalid_filters_are_refused(
    client: Client, distribution: Distribution, place: str, query: str, faults: list[tuple[str, str]]
) -> None:
    answer = client.get(f"/api/v1/distributions/{distribution.pk}/{place}?{query}")
    assert (answer.status_code, faults_in(answer)) == (400, faults)


def test_a_plus_need_not_be_escaped_among_contacts(client: Client, organization: Organization) -> None:
    Contact.objects.create(organization=organization, email="john+tag@example.com")
    Contact.objects.create(organization=organization, email="john@example.com")
    for query in ("john+tag@example.com", "John%2BTag@example.com", "john%20tag@example.com"):
        items = client.get(f"/api/v1/contacts?email={query}").json()["items"]
        assert [item["email"] for item in items] == ["john+tag@example.com"]


@pytest.mark.parametrize(
    ("place", "table", "index"),
    [
        ("recipients", "distributor_recipient", "one_recipient_per_contact_and_distribution"),
        ("skipped", "distributor_decision", "skipped_by_contact"),
    ],
)
def test_one_person_is_found_along_an_index(
    client: Client, distribution: Distribution, organization: Organization, place: str, table: str, index: str
) -> None:
    contacts = Contact.objects.bulk_create(
        Contact(organization=organization, external_id=f"MORE-{number}", email=f"more{number}@example.com")
        for number in range(3_000)
    )
    like = Recipient.objects.first()
    assert like is not None
    Recipient.objects.bulk_create(
        Recipient(distribution=distribution, contact=contact, code=f"code{number}", batch_id=like.batch_id)
        for number, contact in enumerate(contacts)
    )
    Decision.objects.bulk_create(
        Decision(
            distribution_id=distribution.pk,
            contact_id=contact.pk,
            kind=DecisionKind.SKIPPED,
            reason="no_address",
            decided_at=database_now(),
        )
        for contact in contacts
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE contacts_contact, {table}")
    with CaptureQueriesContext(connection) as captured:
        client.get(f"/api/v1/distributions/{distribution.pk}/{place}?email=more1500@example.com")
    statements = [query["sql"] for query in captured.captured_queries]
    [of_contacts] = [sql for sql in statements if 'FROM "contacts_contact"' in sql and "UPPER" not in sql]
    [of_people] = [sql for sql in statements if f'FROM "{table}"' in sql]
    assert "contact_by_email" in plan_of(of_contacts)
    assert index in plan_of(of_people)


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())
