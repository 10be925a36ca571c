"""SMTP against a real server: what is sent, and what each answer, loss and silence comes to."""

import dataclasses
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from email import message_from_bytes
from email.policy import default
from typing import Any
from uuid import UUID

import pytest

from channels.providers.base import Account, Outcome, Result, Scope, Sender
from channels.providers.smtp import connection as smtp_connection
from channels.providers.smtp import provider as smtp
from channels.providers.smtp.provider import Smtp
from channels.rendering import compile_variant
from contacts.channel import Channel
from tests.support.channels.invitations import SENDER, invitation
from tests.support.channels.mail_server import DROP, SILENCE, MailServer

# The passwords of these tests are no secrets.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.com"

Serve = Callable[..., MailServer]
Connect = Callable[..., Smtp]


@pytest.fixture
def serve() -> Generator[Serve]:
    """Starts a mail server; see MailServer for how to tell it what to answer."""
    with ExitStack() as stack:
        yield lambda **told: stack.enter_context(MailServer(**told).running())


@pytest.fixture
def connect() -> Generator[Connect]:
    """Makes the provider of a server."""
    made: list[Smtp] = []

    def make(server: MailServer, *, security: str = "none", connections: int | None = None, **credentials: str) -> Smtp:
        configuration = {"host": "127.0.0.1", "port": server.port, "security": security}
        if connections is not None:
            configuration["connections"] = connections
        made.append(Smtp(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, configuration, credentials)))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


def send(provider: Smtp, *addresses: str, **given: Any) -> list[Result]:
    return provider.send_batch([invitation(to, number=n, **given) for n, to in enumerate(addresses, 1)])


def outcomes(results: Sequence[Result]) -> list[Outcome]:
    return [result.outcome for result in results]


ACCEPTED, PERMANENT, TRANSIENT = Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.TRANSIENT
THROTTLED, UNKNOWN = Outcome.THROTTLED, Outcome.UNKNOWN


# What is sent


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


# Connections


def crowd(count: int = 20) -> list[str]:
    return [f"p{number}@example.com" for number in range(count)]


def threads_of_smtp() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("smtp")]


def test_a_large_batch_goes_over_four_connections_at_once_that_the_next_one_finds_open(
    serve: Serve, connect: Connect
) -> None:
    server = serve(contents_at_once=4)  # no mail is answered before four have come
    provider = connect(server)
    for _ in range(2):
        results = send(provider, *crowd())
        assert [result.provider_message_id for result in results] == [f"<{n}-1@acme.example>" for n in range(1, 21)]
    assert sorted(server.recipients) == sorted(crowd() * 2)
    assert server.connections == 4


@pytest.mark.parametrize("count", [1, 7])
def test_an_account_says_how_many_connections_its_relay_allows(serve: Serve, connect: Connect, count: int) -> None:
    server = serve(contents_at_once=count)
    assert outcomes(send(connect(server, connections=count), *crowd(35))) == [ACCEPTED] * 35
    assert server.connections == count


def test_a_few_messages_share_a_connection_rather_than_open_more(serve: Serve, connect: Connect) -> None:
    server = serve()
    send(connect(server), *crowd(5))
    assert server.connections == 1


def test_a_server_that_allows_fewer_connections_gets_all_over_those_and_is_not_asked_for_more(
    serve: Serve, connect: Connect
) -> None:
    server = serve(connections_max=1)
    provider = connect(server, connections=2)
    while server.connections < 2:  # one may be done before the other has tried
        assert outcomes(send(provider, *crowd())) == [ACCEPTED] * 20
    assert outcomes(send(provider, *crowd())) == [ACCEPTED] * 20
    assert server.connections == 2


@pytest.mark.parametrize(("stage", "outcome"), [("RCPT", TRANSIENT), ("CONTENT", UNKNOWN)])
def test_of_several_connections_one_that_is_lost_strikes_only_its_own_message(
    serve: Serve, connect: Connect, stage: str, outcome: Outcome
) -> None:
    server = serve(replies={(stage, crowd()[7]): DROP})
    expected = [ACCEPTED] * 20
    expected[7] = outcome
    assert outcomes(send(connect(server), *crowd())) == expected


def test_all_connections_that_the_server_closed_meanwhile_are_reopened_at_no_ones_cost(
    serve: Serve, connect: Connect
) -> None:
    server = serve(contents_at_once=4)
    provider = connect(server)
    send(provider, *crowd())
    server.cut_connections()
    assert outcomes(send(provider, *crowd())) == [ACCEPTED] * 20
    assert server.connections == 8


def test_a_login_that_fails_is_tried_once_however_many_connections_were_wanted(serve: Serve, connect: Connect) -> None:
    server = serve(login=("acme", "s3cret"))
    results = send(connect(server, username="acme", password="wrong"), *crowd())
    assert {(result.outcome, result.scope) for result in results} == {(PERMANENT, Scope.ACCOUNT)}
    assert server.connections == 1


def test_closing_says_goodbye_on_every_connection_and_leaves_no_thread(serve: Serve, connect: Connect) -> None:
    server = serve(contents_at_once=4)
    provider = connect(server)
    send(provider, *crowd())
    assert len(threads_of_smtp()) == 4
    provider.close()
    assert (server.quits, threads_of_smtp()) == (4, [])


def test_a_thread_that_no_limit_reaches_is_left_behind_and_the_next_batch_goes_without_it(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    provider = connect(server)
    is_over = threading.Event()
    with monkeypatch.context() as stuck:
        stuck.setattr(smtp, "LIMIT_SECONDS", 0.2)
        stuck.setattr(socket, "create_connection", lambda *_: is_over.wait())  # a name that the resolver ponders
        results = send(provider, ANN, BOB)
    assert [(result.outcome, result.retry_after_seconds) for result in results] == [(THROTTLED, 0)] * 2
    assert outcomes(send(provider, EVE)) == [ACCEPTED]
    is_over.set()
    assert server.recipients == [EVE]


def test_all_batches_go_over_one_connection(serve: Serve, connect: Connect) -> None:
    server = serve()
    provider = connect(server)
    for _ in range(3):
        assert outcomes(send(provider, ANN, BOB)) == [ACCEPTED] * 2
    assert (server.recipients, server.connections) == ([ANN, BOB] * 3, 1)


def test_a_connection_that_the_server_closed_meanwhile_is_reopened_at_no_ones_cost(
    serve: Serve, connect: Connect
) -> None:
    server = serve()
    provider = connect(server)
    send(provider, ANN)
    server.cut_connections()
    assert outcomes(send(provider, BOB)) == [ACCEPTED]
    assert (server.recipients, server.connections) == ([ANN, BOB], 2)


def test_closing_says_goodbye_and_the_next_batch_opens_again(serve: Serve, connect: Connect) -> None:
    server = serve()
    provider = connect(server)
    send(provider, ANN)
    provider.close()
    assert server.quits == 1
    assert outcomes(send(provider, BOB)) == [ACCEPTED]


# Answers


@pytest.mark.parametrize(
    ("stage", "address", "reply", "outcome", "scope"),
    [
        ("MAIL", SENDER.email, "550 5.7.1 No such sender", PERMANENT, Scope.SENDER),
        ("MAIL", SENDER.email, "451 4.3.0 Later", TRANSIENT, None),
        ("MAIL", SENDER.email, "530 5.7.0 Log in first", PERMANENT, Scope.ACCOUNT),
        ("RCPT", ANN, "550 5.1.1 No such user", PERMANENT, Scope.RECIPIENT),
        ("RCPT", ANN, "450 4.2.1 Mailbox busy", TRANSIENT, None),
        ("RCPT", ANN, "452 4.2.2 Mailbox full", TRANSIENT, None),
        ("RCPT", ANN, "530 5.7.0 Log in first", PERMANENT, Scope.ACCOUNT),
        ("DATA", ANN, "554 5.5.1 No valid recipients", PERMANENT, Scope.CONTENT),
        ("DATA", ANN, "451 4.3.2 Later", TRANSIENT, None),
        ("CONTENT", ANN, "554 5.6.0 Looks like spam", PERMANENT, Scope.CONTENT),
        ("CONTENT", ANN, "452 4.3.1 Disk full", TRANSIENT, None),
    ],
)
def test_a_refusal_says_what_it_is_about_and_the_connection_goes_on(
    serve: Serve, connect: Connect, stage: str, address: str, reply: str, outcome: Outcome, scope: Scope | None
) -> None:
    server = serve(replies={(stage, address): reply})
    provider = connect(server)
    [result] = send(provider, ANN)
    assert result == Result(outcome, code=reply[:3], detail=reply[4:], scope=scope)
    del server.replies[stage, address]
    assert outcomes(send(provider, BOB)) == [ACCEPTED]
    assert server.connections == 1


def test_a_refused_recipient_keeps_nobody_else_from_their_mail(serve: Serve, connect: Connect) -> None:
    server = serve(replies={("RCPT", BOB): "550 5.1.1 No such user"})
    assert outcomes(send(connect(server), ANN, BOB, EVE)) == [ACCEPTED, PERMANENT, ACCEPTED]
    assert (server.recipients, server.connections) == ([ANN, EVE], 1)


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("stage", ["RCPT", "DATA", "CONTENT"])
def test_after_421_the_rest_goes_over_a_new_connection(
    serve: Serve, connect: Connect, stage: str, closes: bool
) -> None:
    server = serve(replies={(stage, BOB): "421 4.7.0 Too fast"}, closes_at_421=closes)
    results = send(connect(server), ANN, BOB, EVE)
    assert outcomes(results) == [ACCEPTED, THROTTLED, ACCEPTED]
    assert results[1] == Result(THROTTLED, code="421", detail="4.7.0 Too fast")
    assert server.connections == 2


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


# Losses and silence


@pytest.mark.parametrize(
    ("stage", "outcome"), [("MAIL", TRANSIENT), ("RCPT", TRANSIENT), ("DATA", TRANSIENT), ("CONTENT", UNKNOWN)]
)
def test_a_lost_connection_is_unknown_once_the_content_was_sent_and_the_rest_goes_over_a_new_one(
    serve: Serve, connect: Connect, stage: str, outcome: Outcome
) -> None:
    lost = Sender("lost@acme.example")
    server = serve(replies={(stage, lost.email if stage == "MAIL" else BOB): DROP})
    batch = [invitation(to, number=n) for n, to in enumerate((ANN, BOB, EVE), 1)]
    batch[1] = dataclasses.replace(batch[1], sender=lost)
    assert outcomes(connect(server).send_batch(batch)) == [ACCEPTED, outcome, ACCEPTED]
    assert server.connections == 2


def test_a_connection_that_is_lost_in_the_midst_of_the_content_has_delivered_nothing(
    serve: Serve, connect: Connect
) -> None:
    server = serve(replies={("MIDST", ANN): DROP})
    large = compile_variant("en", "Hi", "", f"{'x' * 70}\n" * 400_000)  # more than the sockets between them can hold
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


# Logging in and TLS


def test_it_logs_in_with_the_accounts_credentials(serve: Serve, connect: Connect) -> None:
    server = serve(login=("acme", "s3cret"))
    assert outcomes(send(connect(server, username="acme", password="s3cret"), ANN)) == [ACCEPTED]


def test_a_refused_login_is_about_the_account_and_not_repeated_for_the_rest(serve: Serve, connect: Connect) -> None:
    server = serve(login=("acme", "s3cret"))
    results = send(connect(server, username="acme", password="wrong"), ANN, BOB, EVE)
    assert [(result.outcome, result.scope, result.code) for result in results] == [
        (PERMANENT, Scope.ACCOUNT, "535")
    ] * 3
    assert server.connections == 1


def test_a_missing_login_is_about_the_account_and_not_about_the_recipient(serve: Serve, connect: Connect) -> None:
    [result] = send(connect(serve(login=("acme", "s3cret"))), ANN)
    assert (result.outcome, result.scope, result.code) == (PERMANENT, Scope.ACCOUNT, "530")


def test_a_password_that_cannot_be_sent_is_about_the_account(serve: Serve, connect: Connect) -> None:
    [result] = send(connect(serve(login=("acme", "zażółć")), username="acme", password="zażółć"), ANN)
    assert (result.outcome, result.scope) == (PERMANENT, Scope.ACCOUNT)


def test_a_server_without_starttls_gets_no_mail_in_the_clear(serve: Serve, connect: Connect) -> None:
    server = serve()
    [result] = send(connect(server, security="starttls"), ANN)
    assert (result.outcome, result.scope) == (PERMANENT, Scope.ACCOUNT)
    assert server.mails == []


# Configuration


def test_a_right_configuration_has_no_fault() -> None:
    assert Smtp.configuration_faults({"host": "smtp.example.com", "port": 587, "security": "starttls"}) == []


def test_every_fault_of_a_configuration_is_named() -> None:
    faults = Smtp.configuration_faults({"host": "", "port": 70_000, "security": "ssl", "user": "acme"})
    assert [fault.field for fault in faults] == ["host", "port", "security", "user"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "a b"), ("host", 25), ("host", "x\r\n"), ("port", True), ("port", "25"), ("port", 0), ("security", [])],
)
def test_a_value_of_the_wrong_kind_is_a_fault(name: str, value: Any) -> None:
    right = {"host": "127.0.0.1", "port": 25, "security": "none"}
    assert len(Smtp.configuration_faults(right | {name: value})) == 1


@pytest.mark.parametrize(
    ("value", "is_right"),
    [(None, True), (1, True), (16, True), (0, False), (17, False), (True, False), ("4", False)],
)
def test_connections_are_few_and_counted(value: Any, is_right: bool) -> None:
    right = {"host": "127.0.0.1", "port": 25, "security": "none"}
    assert (Smtp.configuration_faults(right | {"connections": value}) == []) is is_right


def test_all_three_settings_are_needed() -> None:
    assert len(Smtp.configuration_faults({})) == 3


def test_a_configuration_that_was_broken_behind_the_form_is_about_the_account() -> None:
    provider = Smtp(Account(UUID(int=1), UUID(int=2), Channel.EMAIL, {"host": "127.0.0.1"}))
    results = send(provider, ANN, BOB)
    assert [(result.outcome, result.scope) for result in results] == [(PERMANENT, Scope.ACCOUNT)] * 2
