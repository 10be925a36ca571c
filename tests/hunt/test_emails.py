"""E-mail addresses by RFC 5321's limits, and as they are copied."""

import pytest
from django.test import Client

from contacts.addresses import is_email, spell_email

BAD = [
    *("pl..ain@example.com", ".plain@example.com", "plain.@example.com", "a@-example.com", "a@example-.com"),
    *(f"{'a' * 65}@example.com", f"a@{'b' * 64}.com", "a@1.2.3.44", "a@[1.2.3.44]", f"a@{'b.' * 130}com"),
    *(
        "a@example",
        "a@.example.com",
        "a@example..com",
        "a b@example.com",
        "a@b@example.com",
        "@example.com",
        "a@",
        "N/A",
    ),
    *("mailto:a@example.com", "Ann <a@example.com>", "a@example.com;b@example.com", "a@exam ple.com", "a@example.com."),
]
GOOD = [
    *(
        "a@example.com",
        "first.last+tag@example.co.uk",
        f"{'a' * 64}@example.com",
        f"a@{'b' * 63}.com",
        "o'hara@example.ie",
    ),
    *(
        "a_b-c@sub.example.com",
        "1234@example.com",
        "a@xn--bcher-kva.example",
        "ANN@EXAMPLE.COM",
        "a!#$%&*=?^`{|}~@b.io",
    ),
]


@pytest.mark.parametrize("text", BAD)
def test_what_no_server_takes_is_refused(text: str) -> None:
    assert not is_email(spell_email(text))


@pytest.mark.parametrize("text", GOOD)
def test_what_rfc_5321_allows_is_taken(text: str) -> None:
    assert is_email(spell_email(text))


@pytest.mark.parametrize("around", ["\u200b", "\ufeff", "\u00a0", " ", "\t", "\r\n", "\u2060", "\u200e", " \u200b "])
def test_what_copying_leaves_around_an_address_is_stripped(around: str) -> None:
    assert spell_email(f"{around}ann@example.com{around}") == "ann@example.com"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"),
        ("ann@żółw.example", "ann@xn--w-uga1v8h.example"),
    ],
)
def test_an_international_domain_is_stored_in_punycode(written: str, stored: str) -> None:
    assert spell_email(written) == stored


@pytest.mark.django_db
def test_a_call_stores_the_one_spelling(client: Client) -> None:
    body = {"externalId": "PAT-1", "email": "\u200b\u00a0Ann@bücher.example\ufeff"}
    made = client.post("/api/v1/contacts", body, content_type="application/json")
    assert (made.status_code, made.json()["email"]) == (201, "Ann@xn--bcher-kva.example")
    again = client.post("/api/v1/contacts", body | {"externalId": None}, content_type="application/json")
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])


@pytest.mark.django_db
@pytest.mark.parametrize("email", [*BAD, f" {'a' * 65}@example.com"])
def test_a_call_names_what_no_server_takes(client: Client, email: str) -> None:
    answer = client.post("/api/v1/contacts", {"externalId": "x", "email": email}, content_type="application/json")
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/email"]
