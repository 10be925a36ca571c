"""How many SMTP connections there are, and how long they stay open."""

import socket
import threading

import pytest

from channels.providers.base import Outcome, Scope
from channels.providers.smtp import provider as smtp
from tests.channels.smtp.conftest import Connect, Serve
from tests.support.channels.batches import (
    ACCEPTED,
    ANN,
    BOB,
    EVE,
    PERMANENT,
    THROTTLED,
    TRANSIENT,
    UNKNOWN,
    crowd,
    outcomes,
    send,
)
from tests.support.channels.mail_server import DROP

# These tests' passwords are not secret.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


def threads_of_smtp() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("smtp")}


def test_a_large_batch_goes_over_four_connections_at_once_that_the_next_one_finds_open(
    serve: Serve, connect: Connect
) -> None:
    server = serve(contents_at_once=4)  # no mail is answered before four have arrived
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
    while server.connections < 2:  # one may finish before the other has tried
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
    provider, before = connect(server), threads_of_smtp()  # an account of another test may be open still
    send(provider, *crowd())
    assert len(threads_of_smtp() - before) == 4
    provider.close()
    assert (server.quits, threads_of_smtp() - before) == (4, set())


def test_a_thread_that_no_limit_reaches_is_left_behind_and_the_next_batch_goes_without_it(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    provider = connect(server)
    is_over = threading.Event()
    with monkeypatch.context() as stuck:
        stuck.setattr(smtp, "LIMIT_SECONDS", 0.2)
        # A name that is not resolved in time.
        stuck.setattr(socket, "getaddrinfo", lambda *_, **__: is_over.wait() and [])
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
