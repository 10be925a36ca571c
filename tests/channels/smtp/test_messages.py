"""What an SMTP server is sent."""

from email import message_from_bytes
from email.policy import default

import pytest

from channels.providers.base import Result, Scope, Sender
from channels.rendering import compile_variant
from tests.channels.smtp.conftest import Connect, Serve
from tests.support.channels.batches import ACCEPTED, ANN, PERMANENT, send
from tests.support.channels.invitations import SENDER


def test_a_mail_arrives_with_its_envelope_and_both_parts(serve: Serve, connect: Connect) -> None:
    server = serve()
    [result] = send(connect(server), ANN, to_name="Anna Łęcka", values={"contact:firstName": "Anna <b>"})
    assert (server.mails[0].mail_from, server.recipients) == (SENDER.email, [ANN])
    email = message_from_bytes(server.contents[0], policy=default)
    assert email["To"].addresses[0].display_name == "Anna Łęcka"
    assert email["Subject"] == "How was it, Anna <b>?"
    text, html = (part.get_content() for part in email.iter_parts())
    assert text == "Dear Anna <b>, answer: https://surveys.example/p/1"
    assert html == '<p>Dear Anna &lt;b&gt;, <a href="https://surveys.example/p/1">answer</a>.</p>'
    assert result == Result(ACCEPTED, "<1-1@acme.example>", "250", "OK")
    assert email["Message-ID"] == result.provider_message_id


def test_the_same_attempt_has_the_same_message_id_when_it_is_sent_again(serve: Serve, connect: Connect) -> None:
    server = serve()
    provider = connect(server)
    first, second = send(provider, ANN), send(provider, ANN)
    assert first == second
    assert {message_from_bytes(content)["Message-ID"] for content in server.contents} == {"<1-1@acme.example>"}


def test_lines_that_begin_with_a_period_arrive_whole(serve: Serve, connect: Connect) -> None:
    server = serve()
    text = ".\n..\n.hidden\n\n.\nthe end."
    send(connect(server), ANN, variant=compile_variant("en", "Hi", "", text))
    assert message_from_bytes(server.contents[0], policy=default).get_content().splitlines() == text.splitlines()


def test_line_breaks_in_names_subject_and_link_make_no_header(serve: Serve, connect: Connect) -> None:
    server = serve()
    evil = "x\r\nBcc: eve@example.com\r\n\r\n\0body"
    [result] = send(
        connect(server),
        ANN,
        to_name=evil,
        sender=Sender(SENDER.email, evil, SENDER.reply_to_email),
        values={"contact:firstName": evil},
        unsubscribe_url=f"https://surveys.example/{evil}",
    )
    assert result.outcome is ACCEPTED
    email = message_from_bytes(server.contents[0], policy=default)
    assert (server.recipients, email["Bcc"]) == ([ANN], None)
    assert email["Subject"] == "How was it, x Bcc: eve@example.com body?"


@pytest.mark.parametrize(
    ("to", "sender", "scope"),
    [
        ("ann@example.com>\r\nRCPT TO:<eve@example.com", SENDER, Scope.RECIPIENT),
        ("ann@example.com, eve@example.com", SENDER, Scope.RECIPIENT),
        ("+48601234567", SENDER, Scope.RECIPIENT),
        (ANN, Sender(), Scope.SENDER),
        (ANN, Sender("surveys@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
        (ANN, Sender(SENDER.email, reply_to_email="x@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
    ],
)
def test_what_is_no_address_is_refused_before_the_server_hears_of_it(
    serve: Serve, connect: Connect, to: str, sender: Sender, scope: Scope
) -> None:
    server = serve()
    [result] = send(connect(server), to, sender=sender)
    assert (result.outcome, result.scope) == (PERMANENT, scope)
    assert server.connections == 0
