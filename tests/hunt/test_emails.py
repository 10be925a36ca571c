"""E-mail addresses by RFC 5321's limits, and as they are copied."""

import pytest
from django.test import Client

from contacts.addresses import email_in_unicode, is_email, spell_email
from contacts.models import ConsentEvent, Organization
from distributor.api.bodies.dry_run import render_plan
from distributor.api.native.distributions.documents import render_link
from distributor.engine.acceptance.dry_run import dry_run
from distributor.engine.infrastructure.clock import database_now
from tests.engine.conftest import Ask, Send
from tests.support.engine.people import given

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


# Written, stored and shown. Sources: RFC 5891 and UTS #46's deviation characters (ß, ς, ZWNJ); the IDN test TLDs
# of IANA (例え.テスト); emoji domains below .ws and .la, which exist.
INTERNATIONAL = [
    ("jan@bücher.example", "jan@xn--bcher-kva.example", "jan@bücher.example"),
    ("Jan@BÜCHER.example", "Jan@xn--bcher-kva.example", "Jan@bücher.example"),
    ("jan@straße.example", "jan@xn--strae-oqa.example", "jan@straße.example"),
    ("jan@βόλος.example", "jan@xn--nxasmm1c.example", "jan@βόλος.example"),
    ("jan@نامه\u200cای.example", "jan@xn--mgba3gch31f060k.example", "jan@نامه\u200cای.example"),
    ("jan@例え.テスト", "jan@xn--r8jz45g.xn--zckzah", "jan@例え.テスト"),
    ("jan@日本語。example", "jan@xn--wgv71a119e.example", "jan@日本語.example"),
    ("jan@mail.żółw.example", "jan@mail.xn--w-uga1v8h.example", "jan@mail.żółw.example"),
    ("jan@i❤.example", "jan@xn--i-7iq.example", "jan@i❤.example"),
    ("jan@💩.example", "jan@xn--ls8h.example", "jan@💩.example"),
    ("jan@xn--bcher-kva.example", "jan@xn--bcher-kva.example", "jan@bücher.example"),
]
NOT_INTERNATIONAL = [
    *("jan@example.com", "", "xn--bcher-kva@example.com", "jan@xn--a.example", "jan@xn--99999999999.example"),
    *("sha256:abc", "+48600000001", "jan@xn--example-.com", "jan@xn--strasse-.example", "jan@xn--.example"),
]


@pytest.mark.parametrize(("written", "stored", "shown"), INTERNATIONAL)
def test_an_international_domain_is_stored_once_and_shown_as_written(written: str, stored: str, shown: str) -> None:
    assert spell_email(written) == stored
    assert is_email(stored)
    assert email_in_unicode(stored) == shown


@pytest.mark.parametrize("address", NOT_INTERNATIONAL)
def test_other_addresses_have_one_spelling(address: str) -> None:
    assert email_in_unicode(address) == ""


@pytest.mark.parametrize("written", ["a@-ü.example", "a@ü-.example", "a@ü..example", f"a@{'ü' * 70}.example"])
def test_a_domain_that_cannot_be_is_refused(written: str) -> None:
    assert not is_email(spell_email(written))


@pytest.mark.django_db
@pytest.mark.parametrize(("written", "stored", "shown"), INTERNATIONAL)
def test_both_spellings_are_in_answers_and_find_the_contact(
    client: Client, admin_client: Client, written: str, stored: str, shown: str
) -> None:
    made = client.post("/api/v1/contacts", {"email": written}, content_type="application/json").json()
    assert (made["email"], made["emailUnicode"]) == (stored, shown)
    for spelling in (written, stored, shown):
        found = client.get("/api/v1/contacts", {"email": spelling}).json()["items"]
        assert [contact["id"] for contact in found] == [made["id"]]
        page = admin_client.get("/admin/contacts/contact/", {"q": spelling}).content.decode()
        assert f"{shown} ({stored})" in page
    page = admin_client.get(f"/admin/contacts/contact/{made['id']}/change/").content.decode()
    assert f"{shown} ({stored})" in page


@pytest.mark.django_db
def test_recipients_links_and_forecasts_have_both_spellings(
    client: Client, organization: Organization, send: Send, ask: Ask
) -> None:
    people = [given(1, email=spell_email("jan@bücher.example")), given(2)]
    accepted = send(people)
    expected = ["jan@bücher.example", None]
    recipients = client.get(f"/api/v1/distributions/{accepted.distribution.pk}/recipients").json()["items"]
    assert [recipient["emailUnicode"] for recipient in recipients] == expected
    links = [client.get(f"/api/v1/links/{recipient.code}").json() for recipient in accepted.recipients]
    assert [link["contact"]["emailUnicode"] for link in links] == expected
    plan = render_plan(dry_run(organization, ask(people), database_now()))
    assert [recipient["emailUnicode"] for recipient in plan["recipients"]] == expected
    assert [render_link(recipient)["emailUnicode"] for recipient in accepted.recipients] == expected


@pytest.mark.django_db
def test_an_ordinary_address_has_no_second_spelling(client: Client) -> None:
    made = client.post("/api/v1/contacts", {"email": "ann@example.com"}, content_type="application/json").json()
    assert made["emailUnicode"] is None


@pytest.mark.django_db
def test_suppressions_and_consent_events_show_both_spellings(
    client: Client, admin_client: Client, organization: Organization
) -> None:
    body = {"channel": "email", "address": "jan@bücher.example"}
    assert client.post("/api/v1/suppressions", body, content_type="application/json").status_code == 201
    both = "jan@bücher.example (jan@xn--bcher-kva.example)"
    assert both in admin_client.get("/admin/contacts/suppression/", {"q": "jan@bücher.example"}).content.decode()
    now = database_now()
    ConsentEvent.objects.create(
        organization=organization, address="jan@xn--bcher-kva.example", what="stop", said_at=now, recorded_at=now
    )
    assert both in admin_client.get("/admin/contacts/consentevent/").content.decode()
