"""What Postmark and Mailgun are sent through Anymail."""

import threading

import pytest

from channels.providers.base import Result, Scope, Sender
from channels.rendering import compile_variant
from tests.channels.anymail.conftest import ServeMailgun, ServePostmark
from tests.support.channels.batches import (
    ACCEPTED,
    ANN,
    PERMANENT,
    crowd,
    outcomes,
    send,
)
from tests.support.channels.invitations import GROUP, SENDER


def test_postmark_gets_the_whole_message_with_our_id_and_no_click_tracking(postmark: ServePostmark) -> None:
    peer, provider = postmark(known={"messageStream": "surveys"})
    [result] = send(provider, ANN, to_name="Anna Łęcka, dr", values={"contact:firstName": "Anna <b>"})
    assert result == Result(ACCEPTED, peer.mails[0].message_id, "200", "sent")
    assert peer.bodies == [
        {
            "MessageStream": "surveys",
            "From": "ACME <surveys@acme.example>",
            "To": '"Anna Łęcka, dr" <ann@example.com>',
            "ReplyTo": "help@acme.example",
            "Subject": "How was it, Anna <b>?",
            "TextBody": "Dear Anna <b>, answer: https://surveys.example/p/1",
            "HtmlBody": '<p>Dear Anna &lt;b&gt;, <a href="https://surveys.example/p/1">answer</a>.</p>',
            "Headers": [
                {"Name": "List-Unsubscribe", "Value": "<https://surveys.example/u/abc>"},
                {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
            ],
            "Metadata": {"attempt_id": "1-1", "group_id": str(GROUP)},
            "TrackLinks": "None",
        }
    ]


def test_mailgun_gets_the_whole_message_with_our_id_and_no_click_tracking(mailgun: ServeMailgun) -> None:
    peer, provider = mailgun()
    [result] = send(provider, ANN)
    assert result == Result(ACCEPTED, peer.mails[0].message_id, "200", "queued")
    assert peer.mails[0].fields == {
        "from": "ACME <surveys@acme.example>",
        "to": ANN,
        "h:Reply-To": "help@acme.example",
        "subject": "How was it, friend?",
        "text": "Dear friend, answer: https://surveys.example/p/1",
        "html": '<p>Dear friend, <a href="https://surveys.example/p/1">answer</a>.</p>',
        "h:List-Unsubscribe": "<https://surveys.example/u/abc>",
        "h:List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "v:attempt_id": "1-1",
        "v:group_id": str(GROUP),
        "o:tracking-clicks": "no",
    }


def test_a_message_without_html_unsubscribing_or_answers_has_only_its_text(postmark: ServePostmark) -> None:
    peer, provider = postmark()
    variant = compile_variant("en", "Hi", "", "Hello.")
    send(provider, ANN, variant=variant, sender=Sender(SENDER.email), unsubscribe_url="")
    assert peer.bodies[0].keys() == {"From", "To", "Subject", "TextBody", "Metadata", "TrackLinks"}


def test_line_breaks_in_names_and_subject_make_no_header(postmark: ServePostmark) -> None:
    peer, provider = postmark()
    evil = "x\r\nBcc: eve@example.com\r\n\0"
    sender = Sender(SENDER.email, evil)
    [result] = send(provider, ANN, to_name=evil, sender=sender, values={"contact:firstName": evil})
    assert result.outcome is ACCEPTED
    assert peer.bodies[0]["Subject"] == "How was it, x Bcc: eve@example.com ?"
    assert "\n" not in peer.bodies[0]["From"] + peer.bodies[0]["To"]


@pytest.mark.parametrize(
    ("to", "sender", "scope"),
    [
        ("ann@example.com, eve@example.com", SENDER, Scope.RECIPIENT),
        (ANN, Sender("surveys@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
    ],
)
def test_what_is_no_address_is_refused_before_the_service_hears_of_it(
    postmark: ServePostmark, to: str, sender: Sender, scope: Scope
) -> None:
    peer, provider = postmark()
    [result] = send(provider, to, sender=sender)
    assert (result.outcome, result.scope, peer.requests) == (PERMANENT, scope, 0)


def test_several_requests_run_at_a_time_over_connections_that_the_next_batch_finds_open(
    postmark: ServePostmark,
) -> None:
    peer, provider = postmark(known={"concurrency": 4})
    four = threading.Barrier(4)  # no request continues before four have arrived

    def wait_for_four() -> None:
        four.wait(timeout=20)

    peer.on_request = wait_for_four
    for _ in range(2):
        results = send(provider, *crowd(16))
        taken = {mail.attempt_id: mail.message_id for mail in peer.mails}
        assert [result.provider_message_id for result in results] == [taken[f"{n}-1"] for n in range(1, 17)]
        peer.mails.clear()
    assert peer.connections == 4


def test_closing_leaves_no_thread_and_the_next_batch_opens_again(postmark: ServePostmark) -> None:
    _, provider = postmark()
    send(provider, *crowd(3))
    provider.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("anymail")] == []
    assert outcomes(send(provider, ANN)) == [ACCEPTED]
