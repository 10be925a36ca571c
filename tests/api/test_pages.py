"""Pagination of distributions, recipients and skipped contacts."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from distributor.models import Batch
from tests.api.conftest import Post
from tests.support.api.bodies import faults_in, people
from tests.support.api.pagination import pages_of
from tests.support.queries import count_queries

BASE = "/api/v1/distributions"


def test_distributions_come_newest_first_in_pages(client: Client, post: Post, body: dict[str, Any]) -> None:
    made = [post(body).json()["distributionId"] for _ in range(5)]
    pages = list(pages_of(client, f"{BASE}?limit=2"))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row["id"] for page in pages for row in page] == made[::-1]


def test_a_last_page_that_is_full_names_no_next_one(client: Client, post: Post, body: dict[str, Any]) -> None:
    for _ in range(2):
        post(body)
    response = client.get(f"{BASE}?limit=2")
    assert (len(response.json()["items"]), response.json()["nextCursor"]) == (2, None)
    assert "Link" not in response


def test_rows_added_while_paging_do_not_shift_pages(client: Client, post: Post, body: dict[str, Any]) -> None:
    made = [post(body).json()["distributionId"] for _ in range(3)]
    pages = pages_of(client, f"{BASE}?limit=2")
    first = next(pages)
    post(body)
    assert [row["id"] for row in [*first, *next(pages)]] == made[::-1]


def test_recipients_come_in_the_order_of_acceptance_in_pages(client: Client, post: Post, body: dict[str, Any]) -> None:
    answer = post({**body, "contacts": people(5)}).json()
    post({**body, "contacts": people(5)})
    pages = list(pages_of(client, f"{BASE}/{answer['distributionId']}/recipients?limit=2"))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row["code"] for page in pages for row in page] == [
        link["personalLinkCode"] for link in answer["personalLinks"]
    ]


def test_skipped_contacts_come_in_pages_with_their_reasons(client: Client, post: Post, body: dict[str, Any]) -> None:
    contacts = [{"externalId": f"nowhere-{number}"} for number in range(3)]
    answer = post({**body, "contacts": [*contacts, *people(1)]}).json()
    post({**body, "contacts": contacts})
    pages = list(pages_of(client, f"{BASE}/{answer['distributionId']}/skipped?limit=2"))
    assert [len(page) for page in pages] == [2, 1]
    ids = [str(Contact.objects.get(external_id=contact["externalId"]).pk) for contact in contacts]
    assert [row["contactId"] for page in pages for row in page] == ids
    first = pages[0][0]
    assert (first["reason"], first["detail"]) == ("no_address", {"channel": "email"})
    assert set(first) == {"contactId", "reason", "detail", "text", "decidedAt"}
    assert first["text"] == "skipped: the contact has no e-mail address"


def paged(post: Post, body: dict[str, Any]) -> list[str]:
    distribution_id = post(body).json()["distributionId"]
    return [BASE, f"{BASE}/{distribution_id}/recipients", f"{BASE}/{distribution_id}/skipped"]


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "ż", "%00", "AAAA", "LTE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "x" * 5_000]
)
def test_a_cursor_that_no_page_named_is_400(client: Client, post: Post, body: dict[str, Any], cursor: str) -> None:
    for path in paged(post, body):
        response = client.get(f"{path}?cursor={cursor}")
        assert (response.status_code, faults_in(response)) == (400, [("?cursor", "invalid_cursor")])


@pytest.mark.parametrize("limit", ["", "0", "-1", "1001", "10000", "99999999999", "1.5", "x", "%00", "٣"])
def test_a_limit_is_1_to_1000(client: Client, post: Post, body: dict[str, Any], limit: str) -> None:
    for path in paged(post, body):
        response = client.get(f"{path}?limit={limit}")
        assert (response.status_code, faults_in(response)) == (400, [("?limit", "out_of_range")])
        assert client.get(f"{path}?limit=1").status_code == client.get(f"{path}?limit=1000").status_code == 200


def test_a_wrong_cursor_and_a_wrong_limit_are_both_named(client: Client) -> None:
    response = client.get(f"{BASE}?cursor=x&limit=0")
    assert [pointer for pointer, _code in faults_in(response)] == ["?cursor", "?limit"]


def test_a_page_of_a_thousand_recipients_makes_as_many_queries_as_a_page_of_ten(
    client: Client, post: Post, body: dict[str, Any]
) -> None:
    answer = post({**body, "contacts": people(1_000)}).json()
    path = f"{BASE}/{answer['distributionId']}/recipients"
    assert len({row["code"] for row in client.get(f"{path}?limit=1000").json()["items"]}) == 1_000
    for_ten = count_queries(lambda: client.get(f"{path}?limit=10"))
    assert for_ten == count_queries(lambda: client.get(f"{path}?limit=1000")) <= 10
    assert len(client.get(path).json()["items"]) == 100
    assert Batch.objects.count() == 1
