"""What SendGrid is sent, and how few requests it takes."""

import pytest

from channels.providers.base import Outcome, Result, Sender
from channels.providers.sendgrid.provider import SendGrid
from channels.rendering import compile_variant
from tests.support.channels.batches import ANN, BOB, EVE, outcomes, send
from tests.support.channels.invitations import GROUP, SENDER, invitation
from tests.support.channels.sendgrid_account import serving

POLISH = compile_variant("pl", "Jak było?", "", "Dzień dobry ${contact:firstName|gościu}, ${link}")


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
