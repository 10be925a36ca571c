"""/api/v1/lists, and who is on them."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from contacts.models import Contact, MailingList, Membership, Organization
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule.recurring import save_recurring
from distributor.models import Recipient, RecurringDistribution, Survey
from tests.api.conftest import Post
from tests.support.api.bodies import faults_in
from tests.support.api.pagination import pages_of
from tests.support.api.resources import BASE, make, patch
from tests.support.queries import count_queries


@pytest.fixture
def crowd(organization: Organization) -> list[str]:
    """The ids of five contacts, in the order in which they were made."""
    return [str(Contact.objects.create(organization=organization, external_id=f"P-{n}").pk) for n in range(5)]


@pytest.fixture
def members(client: Client) -> str:
    """Where the contacts of a list are."""
    return f"lists/{make(client, 'lists')['id']}/contacts"


def test_a_list_is_renamed(client: Client) -> None:
    made = make(client, "lists")
    response = patch(client, f"lists/{made['id']}", {"name": "Ward C"})
    assert (response.status_code, response.json()) == (200, {**made, "name": "Ward C"})


def test_members_are_added_and_come_in_pages(client: Client, members: str, crowd: list[str]) -> None:
    response = patch(client, members, {"add": [crowd[2], crowd[0], crowd[4], crowd[4].upper()]})
    assert (response.status_code, response.json()) == (200, {"addedCount": 3, "removedCount": 0})
    pages = list(pages_of(client, f"{BASE}/{members}?limit=2"))
    assert [[row["id"] for row in page] for page in pages] == [[crowd[4], crowd[2]], [crowd[0]]]
    assert pages[0][0] == client.get(f"{BASE}/contacts/{crowd[4]}").json()


def test_members_are_removed_and_stay_contacts(client: Client, members: str, crowd: list[str]) -> None:
    patch(client, members, {"add": crowd[:3]})
    response = patch(client, members, {"add": [crowd[3]], "remove": [crowd[0], crowd[4]]})
    assert response.json() == {"addedCount": 1, "removedCount": 1}
    assert {row["id"] for row in client.get(f"{BASE}/{members}").json()["items"]} == set(crowd[1:4])
    assert client.get(f"{BASE}/contacts/{crowd[0]}").status_code == 200


def test_said_twice_is_done_once(client: Client, members: str, crowd: list[str]) -> None:
    patch(client, members, {"add": crowd})
    assert patch(client, members, {"add": crowd}).json() == {"addedCount": 0, "removedCount": 0}
    patch(client, members, {"remove": crowd})
    assert patch(client, members, {"remove": crowd}).json() == {"addedCount": 0, "removedCount": 0}


def test_unknown_contacts_are_all_named_and_nobody_is_added(client: Client, members: str, crowd: list[str]) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = str(Contact.objects.create(organization=other, external_id="x").pk)
    response = patch(client, members, {"add": [crowd[0], foreign, str(uuid4())], "remove": [str(uuid4())]})
    assert response.status_code == 400
    assert faults_in(response) == [("/add/1", "contact_not_found"), ("/add/2", "contact_not_found")]
    assert Membership.objects.count() == 0


def test_a_thousand_members_are_added_and_read_with_as_many_queries_as_ten(
    client: Client, organization: Organization, members: str
) -> None:
    people = Contact.objects.bulk_create(Contact(organization=organization, external_id=f"P{n}") for n in range(1_010))
    client.get(f"{BASE}/{members}")  # The first call of the day also records when the key was used.

    def add(contacts: list[Contact]) -> None:
        answer = patch(client, members, {"add": [str(contact.pk) for contact in contacts]}).json()
        assert answer == {"addedCount": len(contacts), "removedCount": 0}

    def read(limit: int) -> None:
        assert len(client.get(f"{BASE}/{members}?limit={limit}").json()["items"]) == limit

    assert count_queries(lambda: add(people[:10])) == count_queries(lambda: add(people[10:])) <= 15
    assert count_queries(lambda: read(10)) == count_queries(lambda: read(1_000)) <= 8


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("", "nothing_to_do")]),
        ({"add": [], "remove": []}, [("", "nothing_to_do")]),
        ({"add": None}, [("/add", "list_type")]),
        ({"add": ["x"], "remove": [1]}, [("/add/0", "uuid_parsing"), ("/remove/0", "uuid_type")]),
        ({"add": [str(uuid4())] * 1_001}, [("/add", "too_long")]),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: Client, members: str, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    response = patch(client, members, body)
    assert (response.status_code, faults_in(response)) == (400, faults)


def test_nobody_is_added_and_removed_at_once(client: Client, members: str, crowd: list[str]) -> None:
    response = patch(client, members, {"add": crowd[:2], "remove": [crowd[2], crowd[1].upper()]})
    assert (response.status_code, faults_in(response)) == (400, [("/remove/1", "added_and_removed")])


def test_the_members_of_another_organisations_list_are_not_there(client: Client, crowd: list[str]) -> None:
    other = Organization.objects.create(name="Other", slug="other")
    foreign = MailingList.objects.create(organization=other, name="Theirs")
    path = f"lists/{foreign.pk}/contacts"
    assert client.get(f"{BASE}/{path}").status_code == patch(client, path, {"add": crowd}).status_code == 404
    assert Membership.objects.count() == 0


def test_a_list_that_is_deleted_takes_no_contact_and_breaks_no_link(
    client: Client, post: Post, body: dict[str, Any], members: str, crowd: list[str]
) -> None:
    sent = post(body).json()
    patch(client, members, {"add": crowd})
    for list_id in (sent["mailingListId"], members.split("/")[1]):
        assert client.delete(f"{BASE}/lists/{list_id}").status_code == 204
    assert (MailingList.objects.count(), Membership.objects.count()) == (0, 0)
    assert Contact.objects.count() == 6
    code = sent["personalLinks"][0]["personalLinkCode"]
    assert client.get(f"{BASE}/links/{code}").json()["state"] == "open"
    assert client.get(f"/p/{code}").status_code == 200
    assert Recipient.objects.get(code=code).distribution.mailing_list_id is None


def test_a_list_that_a_recurring_distribution_goes_to_stays(
    client: Client, survey: Survey, organization: Organization
) -> None:
    audience = MailingList.objects.create(organization=organization, name="Ward B")
    weekly = RecurringDistribution(
        organization=organization, name="Weekly", survey=survey, mailing_list=audience, cron="0 9 * * mon"
    )
    save_recurring(weekly, database_now())
    response = client.delete(f"{BASE}/lists/{audience.pk}")
    assert (response.status_code, response.json()["code"]) == (409, "list_in_use")
    assert faults_in(response) == [("", "used_by_recurring_distributions")]
