"""/api/v1/suppressions"""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Suppression
from tests.api.conftest import Post
from tests.support.api.bodies import faults_in
from tests.support.api.resources import BASE, make, post


def found(client: Client, **query: str) -> list[str]:
    response = client.get(f"{BASE}/suppressions", query)
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["items"]]


def test_an_address_is_kept_in_one_spelling(client: Client) -> None:
    made = make(client, "suppressions")
    assert (made["channel"], made["address"]) == ("email", "ann@example.com")
    assert (made["reason"], made["source"]) == ("manual", "a letter")
    phone = post(client, "suppressions", {"channel": "sms", "address": "600 000 001"}).json()
    assert (phone["address"], phone["reason"], phone["source"]) == ("+48600000001", "manual", None)


def test_what_is_suppressed_already_is_answered_as_it_is(client: Client) -> None:
    made = make(client, "suppressions")
    response = post(client, "suppressions", {"channel": "email", "address": "ANN@example.com", "reason": "manual"})
    assert (response.status_code, response.json()) == (200, made)


def test_suppressions_are_found_by_channel_and_address_in_any_spelling(client: Client) -> None:
    mail = make(client, "suppressions", address="a+b@example.com")["id"]
    sms, whatsapp = (
        make(client, "suppressions", channel=channel, address="+48600000001")["id"] for channel in ("sms", "whatsapp")
    )
    make(client, "suppressions", channel="sms", address="+48600000002")
    assert found(client, channel="sms", address="600 000 001") == [sms]
    assert found(client, address="+48600000001") == [whatsapp, sms]
    assert found(client, address=" 48600000001", channel="sms") == [sms]
    assert found(client, address="A b@Example.com") == [mail]
    assert found(client, channel="email") == [mail]
    assert found(client, address="nobody@example.com") == found(client, address="\0") == []
    assert found(client, channel="email", address="+48600000001") == []


def test_a_channel_that_there_is_not_is_named_with_the_pages_faults(client: Client) -> None:
    response = client.get(f"{BASE}/suppressions?channel=fax&limit=0")
    assert (response.status_code, [pointer for pointer, _ in faults_in(response)]) == (400, ["?channel", "?limit"])
    assert client.get(f"{BASE}/suppressions?channel=fax").status_code == 400


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"address": "ann"}, [("/address", "invalid_email")]),
        ({"channel": "sms"}, [("/address", "invalid_phone")]),
        ({"channel": "whatsapp", "address": "1" * 65}, [("/address", "invalid_phone")]),
        ({"channel": "fax", "address": "x"}, [("/channel", "enum")]),
        ({"address": None, "reason": "mood"}, [("/address", "string_type"), ("/reason", "enum")]),
        ({"address": "ann", "reason": 1, "source": "\0"}, None),
    ],
)
def test_every_fault_is_named(client: Client, change: dict[str, Any], faults: list[tuple[str, str]] | None) -> None:
    response = post(client, "suppressions", {"channel": "email", "address": "a@example.com", **change})
    assert response.status_code == 400
    named = faults_in(response)
    assert named == faults if faults else {pointer for pointer, _ in named} == {"/address", "/reason", "/source"}
    assert Suppression.objects.count() == 0


def test_who_is_suppressed_is_skipped_until_it_is_lifted(client: Client, post: Post, body: dict[str, Any]) -> None:
    made = make(client, "suppressions")
    assert post(body).json()["skipped"][0]["reason"] == "suppressed"
    client.delete(f"{BASE}/suppressions/{made['id']}")
    assert post(body).json()["recipientCount"] == 1
