"""What a lost connection and a silent SMTP server mean for a message."""

import socket

import pytest

from channels.providers.base import Outcome, Sender
from channels.providers.smtp import connection as smtp_connection
from channels.providers.smtp import provider as smtp
from channels.rendering import compile_variant
from tests.channels.smtp.conftest import Connect, Serve
from tests.support.channels.batches import (
    ACCEPTED,
    ANN,
    BOB,
    EVE,
    THROTTLED,
    TRANSIENT,
    UNKNOWN,
    outcomes,
    send,
)
from tests.support.channels.invitations import invitation
from tests.support.channels.mail_server import DROP, SILENCE, MailServer


@pytest.mark.parametrize(
    ("stage", "outcome"), [("MAIL", TRANSIENT), ("RCPT", TRANSIENT), ("DATA", TRANSIENT), ("CONTENT", UNKNOWN)]
)
def test_a_lost_connection_is_unknown_once_the_content_was_sent_and_the_rest_goes_over_a_new_one(
    serve: Serve, connect: Connect, stage: str, outcome: Outcome
) -> None:
    lost = Sender("lost@acme.example")
    server = serve(replies={(stage, lost.email if stage == "MAIL" else BOB): DROP})
    batch = [invitation(to, number=n) for n, to in enumerate((ANN, BOB, EVE), 1)]
    batch[1] = batch[1]._replace(sender=lost)
    assert outcomes(connect(server).send_batch(batch)) == [ACCEPTED, outcome, ACCEPTED]
    assert server.connections == 2


def test_a_connection_that_is_lost_in_the_midst_of_the_content_has_delivered_nothing(
    serve: Serve, connect: Connect
) -> None:
    server = serve(replies={("MIDST", ANN): DROP})
    large = compile_variant("en", "Hi", "", f"{'x' * 70}\n" * 400_000)  # more than the buffers of two sockets hold
    assert outcomes(send(connect(server), ANN, variant=large)) == [TRANSIENT]
    assert server.mails == []


@pytest.mark.parametrize(("stage", "outcome"), [("RCPT", TRANSIENT), ("CONTENT", UNKNOWN)])
def test_a_server_that_stops_answering_is_waited_for_only_so_long(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, stage: str, outcome: Outcome
) -> None:
    server = serve(replies={(stage, BOB): SILENCE})
    provider = connect(server)
    send(provider, ANN)
    monkeypatch.setattr(smtp_connection, "READ_SECONDS", 0.2)
    [result] = send(provider, BOB)
    assert result.outcome is outcome
    monkeypatch.undo()
    assert outcomes(send(provider, EVE)) == [ACCEPTED]


def test_a_server_that_never_greets_is_waited_for_once_a_batch(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_connection, "READ_SECONDS", 0.2)
    server = serve(replies={("GREETING", ""): SILENCE})
    assert outcomes(send(connect(server), *[ANN] * 50)) == [TRANSIENT] * 50
    assert server.connections == 1


def test_nobody_at_the_port_is_a_passing_fault(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    results = send(connect(MailServer(port=port)), ANN, BOB)
    assert outcomes(results) == [TRANSIENT] * 2
    assert "refused" in results[0].detail


def test_what_was_not_tried_in_time_waits_without_a_failed_attempt(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0

    def pass_time() -> None:
        nonlocal now
        now += smtp.START_SECONDS / 2

    monkeypatch.setattr(smtp, "monotonic", lambda: now)
    monkeypatch.setattr(smtp_connection, "monotonic", lambda: now)
    server = serve(on_content=pass_time)
    results = send(connect(server, connections=1), *[ANN, BOB, EVE] * 2)
    assert outcomes(results) == [ACCEPTED] * 2 + [THROTTLED] * 4
    assert {result.retry_after_seconds for result in results[2:]} == {0}
    assert server.recipients == [ANN, BOB]
