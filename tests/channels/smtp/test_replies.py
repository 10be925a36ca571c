"""What an SMTP server's replies mean for a message."""

import pytest

from channels.providers.base import NOT_TRIED, Outcome, Result, Scope
from tests.channels.smtp.conftest import Connect, Serve
from tests.support.channels.batches import ACCEPTED, ANN, BOB, EVE, PERMANENT, THROTTLED, TRANSIENT, outcomes, send
from tests.support.channels.invitations import SENDER


@pytest.mark.parametrize(
    ("stage", "address", "reply", "outcome", "scope"),
    [
        ("MAIL", SENDER.email, "550 5.7.1 No such sender", PERMANENT, Scope.SENDER),
        ("MAIL", SENDER.email, "451 4.3.0 Later", TRANSIENT, Scope.ACCOUNT),
        ("MAIL", SENDER.email, "530 5.7.0 Log in first", PERMANENT, Scope.ACCOUNT),
        ("RCPT", ANN, "550 5.1.1 No such user", PERMANENT, Scope.RECIPIENT),
        ("RCPT", ANN, "450 4.2.1 Mailbox busy", TRANSIENT, Scope.RECIPIENT),
        ("RCPT", ANN, "452 4.2.2 Mailbox full", TRANSIENT, Scope.RECIPIENT),
        ("RCPT", ANN, "530 5.7.0 Log in first", PERMANENT, Scope.ACCOUNT),
        ("DATA", ANN, "554 5.5.1 No valid recipients", PERMANENT, Scope.CONTENT),
        ("DATA", ANN, "451 4.4.1 Later", TRANSIENT, Scope.CONTENT),
        ("CONTENT", ANN, "554 5.6.0 Looks like spam", PERMANENT, Scope.CONTENT),
        ("CONTENT", ANN, "452 4.3.1 Disk full", TRANSIENT, Scope.CONTENT),
    ],
)
def test_a_refusal_says_what_it_is_about_and_the_connection_goes_on(
    serve: Serve, connect: Connect, stage: str, address: str, reply: str, outcome: Outcome, scope: Scope | None
) -> None:
    server = serve(replies={(stage, address): reply})
    provider = connect(server)
    [result] = send(provider, ANN)
    assert (result.outcome, result.code, result.detail, result.scope) == (outcome, reply[:3], reply[4:], scope)
    del server.replies[stage, address]
    assert outcomes(send(provider, BOB)) == [ACCEPTED]
    assert server.connections == 1


def test_a_refused_recipient_keeps_nobody_else_from_their_mail(serve: Serve, connect: Connect) -> None:
    server = serve(replies={("RCPT", BOB): "550 5.1.1 No such user"})
    assert outcomes(send(connect(server), ANN, BOB, EVE)) == [ACCEPTED, PERMANENT, ACCEPTED]
    assert (server.recipients, server.connections) == ([ANN, EVE], 1)


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("stage", ["RCPT", "DATA", "CONTENT"])
def test_421_ends_the_batch_and_the_rest_is_not_tried(serve: Serve, connect: Connect, stage: str, closes: bool) -> None:
    server = serve(replies={(stage, BOB): "421 4.7.0 Too fast"}, closes_at_421=closes)
    provider = connect(server)
    results = send(provider, ANN, BOB, EVE)
    assert results[0].outcome is ACCEPTED
    assert results[1] == Result(THROTTLED, code="421", detail="4.7.0 Too fast", scope=Scope.ACCOUNT)
    assert results[2] == NOT_TRIED
    assert (server.recipients[-1] == EVE, server.connections) == (False, 1)
    server.replies.clear()
    assert outcomes(send(provider, BOB, EVE)) == [ACCEPTED] * 2
    assert server.connections == 2


def test_too_many_recipients_on_one_connection_costs_a_connection_and_no_try(serve: Serve, connect: Connect) -> None:
    server = serve(replies={("RCPT", BOB): "452 4.5.3 Too many recipients"})

    def forget() -> None:
        if server.connections == 2:
            server.replies.clear()

    server.on_connection = forget
    assert outcomes(send(connect(server), ANN, BOB, EVE)) == [ACCEPTED] * 3
    assert (server.recipients, server.connections) == ([ANN, BOB, EVE], 2)


def test_too_many_recipients_on_every_connection_is_too_fast(serve: Serve, connect: Connect) -> None:
    server = serve(replies={("RCPT", BOB): "452 4.5.3 Too many recipients"})
    results = send(connect(server), ANN, BOB, EVE)
    assert outcomes(results) == [ACCEPTED, THROTTLED, THROTTLED]
    assert (results[1].scope, results[2]) == (Scope.ACCOUNT, NOT_TRIED)


@pytest.mark.parametrize("reply", ["530 5.7.0 Log in first", "452 4.3.1 Disk full", "454 4.7.0 Throttling failure"])
def test_trouble_of_the_account_ends_the_batch(serve: Serve, connect: Connect, reply: str) -> None:
    server = serve(replies={("MAIL", SENDER.email): reply})
    results = send(connect(server), ANN, BOB, EVE)
    assert {result.scope for result in results} <= {Scope.ACCOUNT, None}
    assert server.mail_commands == 1


def test_421_as_the_greeting_throttles_the_whole_batch_in_one_try(serve: Serve, connect: Connect) -> None:
    server = serve(replies={("GREETING", ""): "421 4.7.0 Too many connections"})
    assert outcomes(send(connect(server), ANN, BOB, EVE)) == [THROTTLED] * 3
    assert server.connections == 1


def test_554_as_the_greeting_is_about_the_account(serve: Serve, connect: Connect) -> None:
    server = serve(replies={("GREETING", ""): "554 No SMTP service for you"})
    results = send(connect(server), ANN, BOB)
    assert results == [Result(PERMANENT, code="554", detail="No SMTP service for you", scope=Scope.ACCOUNT)] * 2


def test_a_long_reply_is_cut_to_what_an_attempt_can_hold(serve: Serve, connect: Connect) -> None:
    lines = "".join(f"550-{number:03} {'x' * 80}\r\n" for number in range(20))
    [result] = send(connect(serve(replies={("RCPT", ANN): f"{lines}550 end"})), ANN)
    assert (result.code, len(result.detail)) == ("550", 500)
