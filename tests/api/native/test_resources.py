"""What holds for every native resource alike: scopes, other organisations, pages, reading back."""

from typing import Any

import pytest
from django.test import Client

from contacts.api_keys import create_api_key
from contacts.models import Organization
from contacts.models.api_key import Scope
from tests.support.api.bodies import faults_in
from tests.support.api.pagination import pages_of
from tests.support.api.resources import BASE, BODIES, PATCHED, another, make, patch, post

pytestmark = pytest.mark.usefixtures("allowed_host")
each_resource = pytest.mark.parametrize("resource", BODIES)


@pytest.fixture
def stranger(db: None) -> Client:
    """A backend of another organisation, with every scope."""
    other = Organization.objects.create(name="Other", slug="other")
    return Client(headers={"x-api-key": create_api_key(other, "tests", list(Scope))[1]})


def with_scopes(organization: Organization, *scopes: Scope) -> Client:
    return Client(headers={"x-api-key": create_api_key(organization, "tests", scopes)[1]})


def calls_that_write(client: Client, resource: str, row_id: str) -> list[Any]:
    answers = [post(client, resource, BODIES[resource]), client.delete(f"{BASE}/{resource}/{row_id}")]
    return answers + ([patch(client, f"{resource}/{row_id}", {})] if resource in PATCHED else [])


@each_resource
def test_what_was_made_is_read_back_as_it_was_answered(client: Client, resource: str) -> None:
    made = make(client, resource)
    assert client.get(f"{BASE}/{resource}/{made['id']}").json() == made
    assert client.get(f"{BASE}/{resource}").json() == {"items": [made], "nextCursor": None}


@each_resource
def test_rows_come_newest_first_in_pages(client: Client, resource: str) -> None:
    made = [post(client, resource, another(resource, number)).json()["id"] for number in range(5)]
    pages = list(pages_of(client, f"{BASE}/{resource}?limit=2"))
    assert [[row["id"] for row in page] for page in pages] == [made[:2:-1], made[2:0:-1], made[:1]]


@each_resource
def test_a_wrong_cursor_and_a_wrong_limit_are_both_named(client: Client, resource: str) -> None:
    response = client.get(f"{BASE}/{resource}?cursor=x&limit=0")
    assert (response.status_code, [pointer for pointer, _ in faults_in(response)]) == (400, ["?cursor", "?limit"])


@each_resource
def test_reading_needs_read_and_writing_needs_manage(client: Client, organization: Organization, resource: str) -> None:
    row_id = make(client, resource)["id"]
    reader = with_scopes(organization, Scope.READ, Scope.SEND)
    keeper = with_scopes(organization, Scope.MANAGE, Scope.SEND)
    for path in (resource, f"{resource}/{row_id}"):
        assert reader.get(f"{BASE}/{path}").status_code == 200
        assert keeper.get(f"{BASE}/{path}").status_code == 403
    assert {answer.status_code for answer in calls_that_write(reader, resource, row_id)} == {403}
    assert all(answer.status_code < 300 for answer in calls_that_write(keeper, resource, row_id)[:2])


@each_resource
def test_without_a_key_nothing_is_answered(client: Client, resource: str) -> None:
    row_id = make(client, resource)["id"]
    nobody = Client()
    assert nobody.get(f"{BASE}/{resource}").status_code == nobody.get(f"{BASE}/{resource}/{row_id}").status_code == 401
    assert {answer.status_code for answer in calls_that_write(nobody, resource, row_id)} == {401}


@each_resource
def test_another_organisations_row_is_not_there(client: Client, stranger: Client, resource: str) -> None:
    made = make(client, resource)
    path = f"{resource}/{made['id']}"
    assert stranger.get(f"{BASE}/{resource}").json()["items"] == []
    answers = [stranger.get(f"{BASE}/{path}"), stranger.delete(f"{BASE}/{path}")]
    answers += [patch(stranger, path, {})] if resource in PATCHED else []
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert client.get(f"{BASE}/{path}").json() == made


@each_resource
@pytest.mark.parametrize("row_id", ["x", "0", "%00", "019f0000-0000-7000-8000-000000000000"])
def test_what_names_no_row_is_404(client: Client, resource: str, row_id: str) -> None:
    path = f"{resource}/{row_id}"
    answers = [client.get(f"{BASE}/{path}"), client.delete(f"{BASE}/{path}")]
    answers += [patch(client, path, {})] if resource in PATCHED else []
    assert [answer.status_code for answer in answers] == [404] * len(answers)


@each_resource
def test_what_is_deleted_is_gone(client: Client, resource: str) -> None:
    path = f"{BASE}/{resource}/{make(client, resource)['id']}"
    response = client.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert client.get(f"{BASE}/{resource}").json()["items"] == []


@pytest.mark.parametrize("resource", [resource for resource in PATCHED if resource != "lists"])
def test_a_patch_that_says_nothing_changes_nothing(client: Client, resource: str) -> None:
    made = make(client, resource)
    response = patch(client, f"{resource}/{made['id']}", {})
    assert response.status_code == 200
    assert {**response.json(), "updatedAt": 0} == {**made, "updatedAt": 0}


@pytest.mark.parametrize("resource", PATCHED)
def test_a_name_that_means_nothing_is_a_fault(client: Client, resource: str) -> None:
    made = make(client, resource)
    for response in (
        post(client, resource, {**BODIES[resource], "nmae": "x"}),
        patch(client, f"{resource}/{made['id']}", {"nmae": "x"}),
    ):
        assert response.status_code == 400
        assert ("/nmae", "extra_forbidden") in faults_in(response)
