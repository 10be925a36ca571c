"""What the answers of Postmark and Mailgun mean for a message."""

import pytest

from channels.providers.base import Outcome, Scope, Sender
from channels.rendering import compile_variant
from tests.channels.anymail.conftest import ServeMailgun, ServePostmark
from tests.support.channels.batches import (
    ACCEPTED,
    ANN,
    BOB,
    PERMANENT,
    THROTTLED,
    TRANSIENT,
    UNKNOWN,
    crowd,
    outcomes,
    send,
)
from tests.support.channels.invitations import SENDER
from tests.support.standins.mailgun import DOMAIN
from tests.support.standins.postmark import PostmarkStandIn
from tests.support.standins.server import Answer, Fault, Request


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
        (Answer(200, b"<html>All is well</html>"), UNKNOWN, Scope.ACCOUNT),
        (Answer(200, b'{"Message": "OK"}'), UNKNOWN, Scope.ACCOUNT),
        (Answer(301, b"", {"Location": "https://127.0.0.1:9/"}), PERMANENT, Scope.ACCOUNT),
        (Answer(400, b"\xff\x00"), PERMANENT, Scope.CONTENT),
        (Answer(402, b"Payment Required"), PERMANENT, Scope.ACCOUNT),
        (Answer(403, b"Forbidden"), PERMANENT, Scope.ACCOUNT),
        (Answer(404, b"<html>Not Found</html>"), PERMANENT, Scope.ACCOUNT),
        (Answer(408, b""), TRANSIENT, Scope.ACCOUNT),
        (Answer(425, b""), TRANSIENT, Scope.ACCOUNT),
        (Answer(413, b"Request Entity Too Large"), PERMANENT, Scope.CONTENT),
        (Answer(422, b'{"ErrorCode": 405, "Message": "No credits"}'), PERMANENT, Scope.ACCOUNT),
        (Answer(502, b"<html>Bad Gateway</html>"), UNKNOWN, Scope.ACCOUNT),
        (Answer(503, b""), TRANSIENT, Scope.ACCOUNT),
        (Answer(504, b"upstream request timeout"), UNKNOWN, Scope.ACCOUNT),
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
