"""Query parameters that mean nothing are named, in the native API."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, Organization

LISTS = ["contacts", "surveys", "lists", "templates", "providers", "suppressions", "responses", "distributions"]
SUGGESTED = [
    ("contacts?externalid=1", "externalId"),
    ("contacts?external_id=1", "externalId"),
    ("contacts?mail=ann@example.com", "email"),
    ("contacts?Limit=5", "limit"),
    ("contacts?cursors=x", "cursor"),
    ("suppressions?chanel=sms", "channel"),
    ("suppressions?adress=x", "address"),
    ("responses?survey=1", "surveyId"),
    ("sandbox/messages?distribution_id=1", "distributionId"),
]


@pytest.mark.parametrize(("address", "meant"), SUGGESTED)
def test_a_misspelt_parameter_is_named_with_what_was_meant(client: Client, address: str, meant: str) -> None:
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == 400
    name = address.partition("?")[2].partition("=")[0]
    detail = f"There is no parameter {name}. Did you mean {meant}?"
    assert response.json()["errors"] == [{"pointer": f"?{name}", "code": "unknown_parameter", "detail": detail}]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_knows_its_parameters(client: Client, path: str) -> None:
    assert client.get(f"/api/v1/{path}?limit=5").status_code == 200
    assert client.get(f"/api/v1/{path}?zzz").status_code == 400


def test_all_faults_are_told_at_once(client: Client) -> None:
    response = client.get("/api/v1/contacts?page=2&limit=0&cursor=?&sort=name")
    pointers = [fault["pointer"] for fault in response.json()["errors"]]
    assert pointers == ["?page", "?sort", "?cursor", "?limit"]


@pytest.mark.parametrize("query", ["zzz", "externalid=1", "zzz=1&yyy=2", "zzz=1&zzz=2", "Limit=5&mail=x"])
def test_unknown_parameters_alone_read_nothing_but_the_key(client: Client, query: str) -> None:
    for path in LISTS:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/api/v1/{path}?{query}").status_code == 400
        tables = {name for query in queries for name in re.findall(r'(?:FROM|UPDATE) "?(\w+)', query["sql"])}
        assert tables <= {"contacts_apikey"}


def test_a_parameter_of_a_change_is_refused_before_anything_is_changed(client: Client) -> None:
    body = {"email": "ann@example.com"}
    assert client.post("/api/v1/contacts?dryRun=true", body, content_type="application/json").status_code == 400
    assert not Contact.objects.exists()


def test_many_and_long_names_are_told_shortly(client: Client) -> None:
    query = "&".join(f"{'x' * 100}{number}=1" for number in range(900))
    response = client.get(f"/api/v1/contacts?{query}&a%00b=1")
    assert (response.status_code, len(response.content) < 100_000) == (400, True)
    too_many = client.get("/api/v1/contacts?" + "a=1&" * 1_100)
    assert (too_many.status_code, too_many["Content-Type"]) == (400, "application/problem+json")


def test_attributes_are_free(client: Client) -> None:
    assert client.get("/api/v1/responses?attributes.plan=pro&attributes.x=1").status_code == 200
    assert client.get("/api/v1/responses?attribute.plan=pro").status_code == 400


def test_a_plus_sign_in_an_address_finds_the_person(client: Client, organization: Organization) -> None:
    contact = Contact.objects.create(organization=organization, external_id="1", email="ann+ward@example.com")
    for written in ("ann+ward@example.com", "ann%2Bward@example.com", "ann%2bward%40example.com"):
        items = client.get(f"/api/v1/contacts?email={written}").json()["items"]
        assert [item["id"] for item in items] == [str(contact.pk)]
