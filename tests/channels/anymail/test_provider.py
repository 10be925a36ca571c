"""E-mail through Anymail, against stand-ins of Postmark and Mailgun: what is sent, and what each answer comes to."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from channels.providers.anymail.provider import Anymail
from channels.providers.base import Outcome, Result, Scope, Sender
from channels.rendering import compile_variant
from tests.support.channels.anymail_account import anymail_account
from tests.support.channels.invitations import GROUP, SENDER, invitation
from tests.support.standins.mailgun import API_KEY, DOMAIN, MailgunStandIn
from tests.support.standins.postmark import SERVER_TOKEN, PostmarkStandIn
from tests.support.standins.server import Answer, Fault, Request

ANN, BOB = "ann@example.com", "bob@example.com"
ACCEPTED, PERMANENT, TRANSIENT = Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.TRANSIENT
THROTTLED, UNKNOWN = Outcome.THROTTLED, Outcome.UNKNOWN

ServePostmark = Callable[..., tuple[PostmarkStandIn, Anymail]]
ServeMailgun = Callable[..., tuple[MailgunStandIn, Anymail]]


@pytest.fixture
def postmark() -> Generator[ServePostmark]:
    """Starts a stand-in, and makes its provider: `concurrency` and what the account's configuration says besides."""
    with ExitStack() as stack:

        def serve(kind: type[PostmarkStandIn] = PostmarkStandIn, known: Any = None, **told: Any) -> Any:
            peer = stack.enter_context(kind(**told).running())
            provider = anymail_account({"esp": "postmark", "baseUrl": peer.url} | (known or {}), api_key=SERVER_TOKEN)
            stack.callback(provider.close)
            return peer, provider

        yield serve


@pytest.fixture
def mailgun() -> Generator[ServeMailgun]:
    with ExitStack() as stack:

        def serve(known: Any = None, **told: Any) -> Any:
            peer = stack.enter_context(MailgunStandIn(**told).running())
            configuration = {"esp": "mailgun", "baseUrl": f"{peer.url}/v3", **(known or {})}
            provider = anymail_account(configuration, api_key=API_KEY)
            stack.callback(provider.close)
            return peer, provider

        yield serve


def send(provider: Anymail, *addresses: str, **given: Any) -> list[Result]:
    return provider.send_batch([invitation(to, number=n, **given) for n, to in enumerate(addresses, 1)])


def crowd(count: int) -> list[str]:
    return [f"p{number}@example.com" for number in range(count)]


def outcomes(results: Sequence[Result]) -> list[Outcome]:
    return [result.outcome for result in results]


# What is sent


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
    four = threading.Barrier(4)  # no request goes on before four have come

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


# Answers


def test_an_address_that_bounced_before_is_refused_and_nobody_else(postmark: ServePostmark) -> None:
    _, provider = postmark(inactive=["p3@example.com"], invalid=["p5@example.com"])
    results = send(provider, *crowd(8))
    assert [number for number, result in enumerate(results) if result.outcome is not ACCEPTED] == [3, 5]
    assert [(results[n].outcome, results[n].scope, results[n].code) for n in (3, 5)] == [
        (PERMANENT, Scope.RECIPIENT, "406"),
        (PERMANENT, Scope.RECIPIENT, "300"),
    ]
    assert results[3].detail.startswith("You tried to send to recipient(s) that have been marked as inactive.")


def test_a_sender_that_is_not_signed_is_about_the_sender(postmark: ServePostmark) -> None:
    _, provider = postmark(unsigned=[SENDER.email])
    [result] = send(provider, ANN)
    assert (result.outcome, result.scope, result.code) == (PERMANENT, Scope.SENDER, "400")


def test_an_empty_message_is_about_its_content(postmark: ServePostmark) -> None:
    _, provider = postmark()
    [result] = send(provider, ANN, variant=compile_variant("en", "Hi", "", ""))
    assert (result.outcome, result.scope, result.code) == (PERMANENT, Scope.CONTENT, "300")


def test_a_token_that_is_refused_is_about_the_account_and_not_repeated_for_the_rest(postmark: ServePostmark) -> None:
    peer, provider = postmark(known={"concurrency": 1})
    peer.server_token = "another"
    results = send(provider, *crowd(5))
    assert {(result.outcome, result.scope, result.code) for result in results} == {(PERMANENT, Scope.ACCOUNT, "10")}
    assert peer.requests == 1


@pytest.mark.parametrize(("retry_after", "seconds"), [("12", 12.0), ("", None)])
def test_too_fast_is_a_pause_for_all_that_wait(
    postmark: ServePostmark, retry_after: str, seconds: float | None
) -> None:
    peer, provider = postmark(known={"concurrency": 1}, retry_after=retry_after)
    peer.next_faults.extend([None, Fault.THROTTLED])
    results = send(provider, *crowd(5))
    assert outcomes(results) == [ACCEPTED] + [THROTTLED] * 4
    assert {result.retry_after_seconds for result in results[1:]} == {seconds}
    assert peer.requests == 2


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(Fault.UNAVAILABLE, TRANSIENT), (Fault.LOST_ANSWER, UNKNOWN), (Fault.RESET_AFTER, UNKNOWN)],
)
def test_trouble_with_one_request_is_nobody_elses(mailgun: ServeMailgun, fault: Fault, outcome: Outcome) -> None:
    peer, provider = mailgun(known={"concurrency": 1})
    peer.next_faults.extend([None, fault])
    assert outcomes(send(provider, *crowd(3))) == [ACCEPTED, outcome, ACCEPTED]


def test_mailgun_tells_who_is_meant_only_in_words(mailgun: ServeMailgun) -> None:
    _, provider = mailgun(invalid=[ANN, "odd@acme.example"])
    results = send(provider, ANN) + send(provider, BOB, sender=Sender("odd@acme.example"))
    assert [(result.outcome, result.scope, result.code) for result in results] == [
        (PERMANENT, Scope.RECIPIENT, "400"),
        (PERMANENT, Scope.SENDER, "400"),
    ]


def test_a_domain_that_mailgun_does_not_know_is_about_the_account(mailgun: ServeMailgun) -> None:
    _, provider = mailgun(known={"senderDomain": "other.example"})
    [result] = send(provider, ANN)
    assert (result.outcome, result.scope, result.detail) == (
        PERMANENT,
        Scope.ACCOUNT,
        "Domain not found: other.example",
    )


def test_the_domain_of_a_mailgun_account_can_be_another_than_the_senders(mailgun: ServeMailgun) -> None:
    _, provider = mailgun(known={"senderDomain": DOMAIN})
    assert outcomes(send(provider, ANN, sender=Sender("surveys@other.example"))) == [ACCEPTED]


@pytest.mark.parametrize(
    ("answer", "outcome", "scope"),
    [
        (Answer(200, b"<html>All is well</html>"), UNKNOWN, None),
        (Answer(200, b'{"Message": "OK"}'), UNKNOWN, None),
        (Answer(301, b"", {"Location": "https://127.0.0.1:9/"}), PERMANENT, Scope.ACCOUNT),
        (Answer(400, b"\xff\x00"), PERMANENT, Scope.CONTENT),
        (Answer(402, b"Payment Required"), PERMANENT, Scope.ACCOUNT),
        (Answer(403, b"Forbidden"), PERMANENT, Scope.ACCOUNT),
        (Answer(404, b"<html>Not Found</html>"), PERMANENT, Scope.ACCOUNT),
        (Answer(408, b""), TRANSIENT, None),
        (Answer(413, b"Request Entity Too Large"), PERMANENT, Scope.CONTENT),
        (Answer(422, b'{"ErrorCode": 405, "Message": "No credits"}'), PERMANENT, Scope.ACCOUNT),
        (Answer(502, b"<html>Bad Gateway</html>"), UNKNOWN, None),
        (Answer(503, b""), TRANSIENT, None),
        (Answer(504, b"upstream request timeout"), UNKNOWN, None),
    ],
)
def test_an_answer_that_is_none_of_the_services_is_read_by_its_status(
    postmark: ServePostmark, answer: Answer, outcome: Outcome, scope: Scope | None
) -> None:
    class Proxy(PostmarkStandIn):
        def take(self, request: Request) -> Answer:
            return answer

    _, provider = postmark(Proxy)
    [result] = send(provider, ANN)
    assert (result.outcome, result.scope) == (outcome, scope)


# Configuration


def test_a_right_configuration_has_no_fault() -> None:
    for configuration in (
        {"esp": "postmark"},
        {"esp": "postmark", "messageStream": "outbound", "concurrency": 32},
        {"esp": "mailgun", "baseUrl": "https://api.eu.mailgun.net/v3", "senderDomain": "mg.acme.example"},
        {"esp": "postal", "baseUrl": "https://postal.acme.example"},
        {"esp": "scaleway", "projectId": "6170692e-7363-616c-6577-61792e636f6d", "region": "fr-par"},
    ):
        assert Anymail.configuration_faults(configuration) == []


@pytest.mark.parametrize(
    ("configuration", "names"),
    [
        ({}, ["esp"]),
        ({"esp": "pigeon"}, ["esp"]),
        ({"esp": ["postmark"]}, ["esp"]),
        ({"esp": "postal"}, ["baseUrl"]),
        ({"esp": "scaleway"}, ["projectId"]),
        ({"esp": "postmark", "senderDomain": "acme.example"}, ["senderDomain"]),
        ({"esp": "mailgun", "senderDomain": "acme.example/x"}, ["senderDomain"]),
        ({"esp": "postmark", "concurrency": 0, "baseUrl": "api.example"}, ["baseUrl", "concurrency"]),
        ({"esp": "postmark", "concurrency": True, "baseUrl": "https://x.example/{region}"}, ["baseUrl", "concurrency"]),
    ],
)
def test_every_fault_of_a_configuration_is_named(configuration: dict[str, Any], names: list[str]) -> None:
    faults = Anymail.configuration_faults(configuration)
    assert [fault.field for fault in faults] == names


@pytest.mark.parametrize(
    ("configuration", "credentials"),
    [
        ({}, {"api_key": "x"}),
        ({"esp": "postmark"}, {}),
        ({"esp": "postmark"}, {"api_key": "x\r\nX-Evil: 1"}),
        ({"esp": "mailjet"}, {"api_key": "x"}),
    ],
)
def test_what_an_account_lacks_is_about_the_account(configuration: dict[str, Any], credentials: dict[str, str]) -> None:
    results = send(anymail_account(configuration, **credentials), ANN, BOB)
    assert [(result.outcome, result.scope) for result in results] == [(PERMANENT, Scope.ACCOUNT)] * 2
