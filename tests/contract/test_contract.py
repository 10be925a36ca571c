"""The contract of all providers: results are true, whatever the other side does."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from random import Random

import pytest

from channels.providers.base import Message, Outcome, Result
from tests.contract.conftest import each_peer, each_trouble
from tests.contract.peer import EXPECTED, TAKEN_UNANSWERED, Peer, Trouble
from tests.support.channels.batches import outcomes

LEASE_SECONDS = 60.0  # the caller's


def send(peer: Peer, *messages: Message) -> list[Result]:
    """Send a batch; return its results after checking that they are true."""
    results = peer.provider.send_batch(messages)
    assert len(results) == len(messages)
    taken = peer.taken()
    for message, result in zip(messages, results, strict=True):
        count = taken.count(message.attempt_id)
        if result.outcome is Outcome.ACCEPTED:
            assert count == 1, f"{message.attempt_id} is reported as accepted, but was taken {count} times"
        elif result.outcome is Outcome.UNKNOWN:
            assert count <= 1
        else:
            assert count == 0, f"{message.attempt_id} is reported as {result.outcome}, but was taken"
    return results


@each_peer()
def test_every_message_is_accepted_once(peer: Peer) -> None:
    messages = [peer.message(number) for number in range(1, 6)]
    assert outcomes(send(peer, *messages)) == [Outcome.ACCEPTED] * 5
    assert sorted(peer.taken()) == [message.attempt_id for message in messages]


@each_peer()
def test_a_batch_of_nothing_comes_to_nothing(peer: Peer) -> None:
    assert send(peer) == []


@each_trouble()
def test_trouble_is_told_as_what_it_is(peer: Peer, trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    send(peer, peer.message(9))  # a connection is open
    peer.hurry(monkeypatch)
    messages = [peer.message(number) for number in (1, 2, 3)]
    peer.cause(trouble, messages[1])
    results = send(peer, *messages)
    struck = results[1]
    assert (struck.outcome, struck.scope) in EXPECTED[trouble]
    assert (peer.taken().count(messages[1].attempt_id) == 1) == (
        trouble in TAKEN_UNANSWERED or struck.outcome is Outcome.ACCEPTED
    )


@each_trouble(Trouble.REFUSED)
def test_who_is_refused_keeps_nobody_else_from_their_message(peer: Peer, trouble: Trouble) -> None:
    messages = [peer.message(number) for number in range(1, 8)]
    peer.cause(trouble, messages[4])
    expected = [Outcome.ACCEPTED] * 7
    expected[4] = Outcome.PERMANENT
    assert outcomes(send(peer, *messages)) == expected


@each_trouble(Trouble.CUT, Trouble.HALF_CLOSED)
def test_a_connection_that_ends_between_batches_costs_nobody_anything(peer: Peer, trouble: Trouble) -> None:
    send(peer, peer.message(1))
    peer.cause(trouble, peer.message(2))
    assert outcomes(send(peer, peer.message(2))) == [Outcome.ACCEPTED]
    peer.await_trouble()
    assert outcomes(send(peer, peer.message(3))) == [Outcome.ACCEPTED]


@each_trouble(*set(Trouble) - {Trouble.REFUSED, Trouble.CUT, Trouble.HALF_CLOSED})
def test_what_was_not_taken_leaves_when_the_trouble_is_over(
    peer: Peer, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurried:
        peer.hurry(hurried)
        messages = [peer.message(number) for number in (1, 2, 3)]
        peer.cause(trouble, messages[0])
        results = send(peer, *messages)
    peer.mend()
    definite = [
        message
        for message, result in zip(messages, results, strict=True)
        if result.outcome not in (Outcome.ACCEPTED, Outcome.UNKNOWN)
    ]
    assert outcomes(send(peer, *definite)) == [Outcome.ACCEPTED] * len(definite)


@each_peer()
def test_through_all_trouble_in_any_order_nobody_is_lost_or_told_of_wrongly(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.hurry(monkeypatch)
    random = Random(11)
    waiting = [peer.message(number) for number in range(1, 41)]
    last_outcomes: dict[str, Outcome] = {}
    while waiting:
        batch, waiting = waiting[:8], waiting[8:]
        trouble = random.choice([None, None, *sorted(peer.troubles)])
        if trouble:
            peer.cause(trouble, random.choice(batch))
        for message, result in zip(batch, send(peer, *batch), strict=True):
            last_outcomes[message.attempt_id] = result.outcome
            if result.outcome not in (Outcome.ACCEPTED, Outcome.UNKNOWN):
                waiting.append(message)
        peer.mend()
        peer.await_trouble()
    assert set(last_outcomes.values()) <= {Outcome.ACCEPTED, Outcome.UNKNOWN}
    assert {attempt_id for attempt_id, outcome in last_outcomes.items() if outcome is Outcome.ACCEPTED} <= set(
        peer.taken()
    )


@each_peer(with_address=True)
def test_nobody_at_the_address_is_a_passing_fault(peer: Peer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    provider = peer.provider_at(port)
    assert outcomes(provider.send_batch([peer.message(1), peer.message(2)])) == [Outcome.TRANSIENT] * 2
    provider.close()


@each_peer(with_address=True)
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\xfe\x80" * 64,
        b"220 hello\r\nHTTP/1.1 202 Accepted\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 999\r\n\r\n{",
        b'HTTP/1.1 400 Bad Request\r\nContent-Length: 16\r\n\r\n{"errors":[7,{}]',
        b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"x" * 100_000,
    ],
)
def test_nonsense_from_the_other_side_raises_nothing_and_is_no_yes(
    peer: Peer, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.hurry(monkeypatch)
    messages = [peer.message(number) for number in (1, 2, 3)]
    with _talking_nonsense(answer) as port:
        provider = peer.provider_at(port)
        results = provider.send_batch(messages)
        provider.close()
    assert len(results) == 3
    assert Outcome.ACCEPTED not in outcomes(results)


@each_peer(with_clocks=True)
def test_a_batch_ends_within_its_callers_lease_however_slow_the_other_side_is(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0

    def pass_time() -> None:
        nonlocal now
        now += 9.0

    for module in peer.clocks:
        monkeypatch.setattr(module, "monotonic", lambda: now)
    peer.on_request(pass_time)
    messages = [peer.message(number, apart=True) for number in range(1, 13)]
    results = send(peer, *messages)
    assert now - 1_000.0 < LEASE_SECONDS
    batch_outcomes = outcomes(results)
    assert set(batch_outcomes) == {Outcome.ACCEPTED, Outcome.THROTTLED}
    # Messages that were not tried have no failed attempt and may be sent at once.
    assert {result.retry_after_seconds for result in results if result.outcome is Outcome.THROTTLED} == {0}


@contextmanager
def _talking_nonsense(answer: bytes) -> Generator[int]:
    """Run a server that answers every connection with the same bytes and closes it."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with suppress(OSError), connection:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(5)
                    while connection.recv(65_536):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
