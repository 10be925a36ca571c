"""SendGrid against its stand-in: what is sent, and how few requests it takes."""

import os
import subprocess
import sys
from typing import Any

import pytest

from channels.providers import http_connections
from channels.providers.base import Outcome, Result, Scope, Sender
from channels.providers.sendgrid import provider as sendgrid
from channels.providers.sendgrid.provider import SendGrid
from channels.rendering import compile_variant
from tests.support.channels.invitations import GROUP, SENDER, invitation
from tests.support.channels.sendgrid_account import sendgrid_account, serving
from tests.support.standins.sendgrid import API_KEY
from tests.support.standins.server import Answer, Request

ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.com"
POLISH = compile_variant("pl", "Jak było?", "", "Dzień dobry ${contact:firstName|gościu}, ${link}")


def send(provider: SendGrid, *addresses: str, **given: Any) -> list[Result]:
    return provider.send_batch([invitation(to, number=n, **given) for n, to in enumerate(addresses, 1)])


def outcomes(results: list[Result]) -> list[Outcome]:
    return [result.outcome for result in results]


# What is sent


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "with others"])
def test_an_email_arrives_with_both_parts_its_headers_and_an_opaque_id(others: int) -> None:
    with serving() as (peer, provider):
        message = invitation(ANN, number=5, to_name="Anna Łęcka", values={"contact:firstName": "Anna <b>"})
        results = provider.send_batch([message, *[invitation(BOB)] * others])
    assert results[0] == Result(Outcome.ACCEPTED, "standin-000001", "202")
    mail = peer.mails[0]
    assert (mail.to, mail.to_name, mail.sender) == (ANN, "Anna Łęcka", {"email": SENDER.email, "name": "ACME"})
    assert mail.reply_to == SENDER.reply_to_email
    assert mail.subject == "How was it, Anna <b>?"
    assert mail.text == "Dear Anna <b>, answer: https://surveys.example/p/5"
    assert mail.html == '<p>Dear Anna &lt;b&gt;, <a href="https://surveys.example/p/5">answer</a>.</p>'
    assert mail.headers == {
        "Message-ID": "<5-1@acme.example>",
        "List-Unsubscribe": "<https://surveys.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert mail.custom_args == {"attempt_id": "5-1", "group_id": str(GROUP)}
    assert mail.tracking == {
        "click_tracking": {"enable": False, "enable_text": False},
        "subscription_tracking": {"enable": False},
    }


def test_a_thousand_messages_are_one_request_in_their_order() -> None:
    addresses = [f"p{number}@example.com" for number in range(SendGrid.batch_size)]
    with serving() as (peer, provider):
        assert outcomes(send(provider, *addresses)) == [Outcome.ACCEPTED] * 1_000
    assert [mail.to for mail in peer.mails] == addresses
    assert (peer.requests, peer.connections) == (1, 1)


def test_each_variant_and_each_sender_is_one_request() -> None:
    another = Sender("hotel@acme.example")
    batch = [
        invitation(ANN, number=1),
        invitation(BOB, number=2, variant=POLISH),
        invitation(EVE, number=3),
        invitation(ANN, number=4, sender=another),
        invitation(EVE, number=5, variant=POLISH),
    ]
    with serving() as (peer, provider):
        results = provider.send_batch(batch)
    assert [len(body["personalizations"]) for body in peer.bodies] == [2, 2, 1]
    by_attempt = {mail.attempt_id: mail for mail in peer.mails}
    for message, result in zip(batch, results, strict=True):
        mail = by_attempt[message.attempt_id]
        assert (mail.to, mail.text, mail.sender["email"]) == (message.to, message.text, message.sender.email)
        assert result.provider_message_id == mail.message_id


def test_one_address_can_get_two_messages_of_a_batch() -> None:
    with serving() as (peer, provider):
        assert outcomes(send(provider, ANN, ANN)) == [Outcome.ACCEPTED] * 2
    assert [mail.attempt_id for mail in peer.mails] == ["1-1", "2-1"]


@pytest.mark.parametrize(
    ("html", "text", "kinds"),
    [("", "Hi", ["text/plain"]), ("<p>Hi</p>", "", ["text/html"]), ("<p>Hi</p>", "Hi", ["text/plain", "text/html"])],
)
def test_a_part_that_is_empty_is_left_out(html: str, text: str, kinds: list[str]) -> None:
    with serving() as (peer, provider):
        assert outcomes(send(provider, ANN, variant=compile_variant("en", "Hi", html, text))) == [Outcome.ACCEPTED]
    assert [part["type"] for part in peer.bodies[0]["content"]] == kinds


def test_line_breaks_in_names_subject_and_link_make_no_header() -> None:
    evil = "x\r\nBcc: eve@example.com\r\n\r\n\0body"
    with serving() as (peer, provider):
        [result] = send(
            provider,
            ANN,
            to_name=evil,
            sender=Sender(SENDER.email, evil),
            values={"contact:firstName": evil},
            unsubscribe_url=f"https://surveys.example/{evil}",
        )
    assert result.outcome is Outcome.ACCEPTED
    [mail] = peer.mails
    flat = "x Bcc: eve@example.com body"
    assert (mail.to_name, mail.sender["name"], mail.subject) == (flat, flat, f"How was it, {flat}?")
    assert mail.headers["List-Unsubscribe"].isprintable()


def test_commas_are_taken_from_recipients_names_and_left_in_senders() -> None:
    with serving() as (peer, provider):
        send(provider, ANN, to_name="Smith, John; PhD", sender=Sender(SENDER.email, "ACME, Inc."))
    assert (peer.mails[0].to_name, peer.mails[0].sender["name"]) == ("Smith John PhD", "ACME, Inc.")


def test_half_a_character_spoils_nobody_elses_mail() -> None:
    batch = [invitation(ANN, number=1, values={"contact:firstName": "A\ud83d"}), invitation(BOB, number=2)]
    with serving() as (peer, provider):
        assert outcomes(provider.send_batch(batch)) == [Outcome.ACCEPTED] * 2
    assert peer.mails[0].text.startswith("Dear A?,")


# Limits


def test_values_too_long_for_substitutions_are_written_into_a_request_of_their_own() -> None:
    long = "ł" * 3_000
    batch = [
        invitation(ANN, number=1),
        invitation(BOB, number=2, values={"contact:firstName": long}),
        invitation(EVE, number=3),
    ]
    with serving() as (peer, provider):
        assert outcomes(provider.send_batch(batch)) == [Outcome.ACCEPTED] * 3
    by_attempt = {mail.attempt_id: mail for mail in peer.mails}
    assert by_attempt["2-1"].text == batch[1].text
    assert [["substitutions" in to for to in body["personalizations"]] for body in peer.bodies] == [[False], [True] * 2]


def test_values_of_one_message_stay_below_sendgrids_limit_whatever_they_are_made_of() -> None:
    batch = [
        invitation(f"p{n}@example.com", number=n, values={"contact:firstName": character * length})
        for n, (character, length) in enumerate(
            [("a", 4_800), ("a", 4_900), ("a", 5_000), ('"', 1_200), ("&", 1_600), ("😀", 1_200), ("\n", 3_000)], 1
        )
    ]
    with serving() as (peer, provider):
        assert set(outcomes(provider.send_batch(batch))) == {Outcome.ACCEPTED}
    # None was refused first: the stand-in refuses what is over the limit.
    assert len(peer.mails) == len(batch) == sum(len(body["personalizations"]) for body in peer.bodies)


def test_a_body_over_the_limit_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid, "BODY_MAX_BYTES", 5_000)
    addresses = [f"p{number}@example.com" for number in range(40)]
    with serving() as (peer, provider):
        sizes: list[int] = []
        take = peer.take

        def weigh(request: Request) -> Answer:
            sizes.append(len(request.body))
            return take(request)

        monkeypatch.setattr(peer, "take", weigh)
        assert outcomes(send(provider, *addresses)) == [Outcome.ACCEPTED] * 40
    assert sorted(mail.to for mail in peer.mails) == sorted(addresses)
    assert max(sizes) <= 5_000


def test_an_email_over_the_limit_is_refused_alone_and_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid, "BODY_MAX_BYTES", 20_000)
    batch = [
        invitation(ANN, number=1),
        invitation(BOB, number=2, values={"contact:firstName": "x" * 20_000}),
        invitation(EVE, number=3),
    ]
    with serving() as (peer, provider):
        results = provider.send_batch(batch)
    assert outcomes(results) == [Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.ACCEPTED]
    assert (results[1].scope, [mail.to for mail in peer.mails]) == (Scope.CONTENT, [ANN, EVE])


@pytest.mark.parametrize(
    ("to", "sender", "scope"),
    [
        ("ann@example.com>\r\nBcc: <eve@example.com", SENDER, Scope.RECIPIENT),
        ("ann@example.com, eve@example.com", SENDER, Scope.RECIPIENT),
        ("+48601234567", SENDER, Scope.RECIPIENT),
        (ANN, Sender(), Scope.SENDER),
        (ANN, Sender("surveys@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
        (ANN, Sender(SENDER.email, reply_to_email="x@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
    ],
)
def test_what_is_no_address_is_refused_before_sendgrid_hears_of_it(to: str, sender: Sender, scope: Scope) -> None:
    with serving() as (peer, provider):
        results = provider.send_batch([invitation(to, number=1, sender=sender), invitation(BOB, number=2)])
    assert outcomes(results) == [Outcome.PERMANENT, Outcome.ACCEPTED]
    assert results[0].scope is scope
    assert [mail.to for mail in peer.mails] == [BOB]


def test_an_empty_subject_is_refused_before_sendgrid_hears_of_it() -> None:
    with serving() as (peer, provider):
        [result] = send(provider, ANN, variant=compile_variant("en", " ${contact:firstName}", "", "Hi"))
    assert (result.outcome, result.scope) == (Outcome.PERMANENT, Scope.CONTENT)
    assert peer.requests == 0


# Connections and the account


def test_all_batches_go_over_one_connection_until_it_is_closed() -> None:
    with serving() as (peer, provider):
        for _ in range(3):
            send(provider, ANN, BOB)
        assert peer.connections == 1
        provider.close()
        assert outcomes(send(provider, EVE)) == [Outcome.ACCEPTED]
        assert peer.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (peer, provider):
        send(provider, ANN)
        monkeypatch.setattr(http_connections, "IDLE_SECONDS", 0.0)
        assert outcomes(send(provider, BOB)) == [Outcome.ACCEPTED]
        assert peer.connections == 2


def test_a_key_that_is_missing_is_not_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", API_KEY)
    with serving() as (peer, _):
        results = send(sendgrid_account({"baseUrl": peer.url}, api_key=""), ANN, BOB)
        assert peer.requests == 0
    assert [(result.outcome, result.scope) for result in results] == [(Outcome.PERMANENT, Scope.ACCOUNT)] * 2


def test_a_key_that_cannot_be_a_header_is_about_the_account() -> None:
    with serving() as (peer, _):
        [result] = send(sendgrid_account({"baseUrl": peer.url}, api_key="SG.x\r\nX-Evil: 1"), ANN)
        assert peer.requests == 0
    assert (result.outcome, result.scope) == (Outcome.PERMANENT, Scope.ACCOUNT)


def test_a_base_url_with_a_path_keeps_it() -> None:
    with serving() as (peer, _):
        provider = sendgrid_account({"baseUrl": f"{peer.url}/proxy/"})
        [result] = send(provider, ANN)
        provider.close()
    # The stand-in knows no such path, which is a fault of the account's settings and of no recipient.
    assert (result.outcome, result.scope, result.code) == (Outcome.PERMANENT, Scope.ACCOUNT, "404")


def test_a_redirect_is_not_followed_with_peoples_data(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (peer, _):
        take = peer.take
        moved = Answer(307, headers={"Location": f"{peer.url}/v3/mail/send"})
        monkeypatch.setattr(peer, "take", lambda request: moved if request.path.startswith("/old/") else take(request))
        provider = sendgrid_account({"baseUrl": f"{peer.url}/old"})
        [result] = send(provider, ANN)
        provider.close()
    assert (result.outcome, result.scope, result.code) == (Outcome.PERMANENT, Scope.ACCOUNT, "307")
    assert (peer.requests, peer.mails) == (1, [])


def test_a_server_that_speaks_no_tls_gets_nothing() -> None:
    with serving() as (peer, _):
        provider = sendgrid_account({"baseUrl": peer.url.replace("http:", "https:")})
        batch = [invitation(ANN, number=n, sender=Sender(f"sender{n}@acme.example")) for n in range(3)]
        assert outcomes(provider.send_batch(batch)) == [Outcome.TRANSIENT] * 3
        # Nobody waits for the same failure more than once.
        assert (peer.connections, peer.requests) == (1, 0)


def test_a_configuration_that_was_broken_behind_the_form_is_about_the_account() -> None:
    results = send(sendgrid_account({"baseUrl": "ftp://example.com"}), ANN, BOB)
    assert [(result.outcome, result.scope) for result in results] == [(Outcome.PERMANENT, Scope.ACCOUNT)] * 2


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"baseUrl": "https://api.eu.sendgrid.com"},
        {"baseUrl": "http://127.0.0.1:8080/sendgrid"},
        {"baseUrl": "http://[::1]:8080"},
    ],
)
def test_a_right_configuration_has_no_fault(configuration: dict[str, Any]) -> None:
    assert SendGrid.configuration_faults(configuration) == []


def test_every_fault_of_a_configuration_is_named() -> None:
    faults = SendGrid.configuration_faults({"baseUrl": "x", "webhookPublicKey": "x", "apiKey": "SG.x"})
    assert [fault.field for fault in faults] == ["baseUrl", "webhookPublicKey", "apiKey"]


@pytest.mark.parametrize(
    "value",
    [
        None, 1, "", "api.sendgrid.com", "ftp://x.example", "https://x.example:0", "https://x.example:99999",
        "https://u:p@x.example", "https://x.example?y", "https://x.example#y", "https://x.example\r\nHost: y",
        "https://x example",
    ],
)  # fmt: skip
def test_what_is_no_base_url_is_a_fault(value: Any) -> None:
    assert len(SendGrid.configuration_faults({"baseUrl": value})) == 1


def test_the_vendors_package_is_imported_by_the_first_who_sends() -> None:
    program = "import sys, channels.providers.sendgrid.provider; sys.exit('python_http_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=dict(os.environ), check=False).returncode == 0


def test_a_tag_is_drawn_anew_for_every_request() -> None:
    with serving() as (peer, provider):
        for _ in range(2):
            send(provider, ANN, BOB)
    first, second = ({tag for to in body["personalizations"] for tag in to["substitutions"]} for body in peer.bodies)
    assert len(first) == len(second) == 4  # two slots, each as text and as HTML
    assert not first & second
