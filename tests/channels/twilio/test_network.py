"""Twilio over a broken network: nothing is sent twice, and no result claims more than is certain."""

import socket
import threading
import time
from collections.abc import Generator
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from channels.providers import parallel_calls
from channels.providers.base import Outcome, Scope
from channels.providers.twilio import transport as twilio_http
from tests.support.channels.batches import ACCEPTED, PERMANENT, THROTTLED, TRANSIENT, UNKNOWN, outcomes
from tests.support.channels.twilio_account import Connect, Serve, people
from tests.support.standins.server import Answer, Fault, Request
from tests.support.standins.twilio import TwilioStandIn

# When the network breaks


@pytest.mark.parametrize(
    ("fault", "outcome", "taken"),
    [
        (Fault.UNAVAILABLE, TRANSIENT, 0),
        (Fault.LOST_ANSWER, UNKNOWN, 1),
        (Fault.RESET_AFTER, UNKNOWN, 1),
        (Fault.SILENT, UNKNOWN, 1),
    ],
)
def test_a_fault_is_of_its_message_alone(
    serve_twilio: Serve,
    connect_twilio: Connect,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    outcome: Outcome,
    taken: int,
) -> None:
    if fault is Fault.SILENT:
        monkeypatch.setattr(twilio_http, "READ_SECONDS", 2.0)
    peer = serve_twilio()
    peer.next_faults.extend([None, fault])
    results = connect_twilio(peer, concurrency=1).send_batch(people(4))
    assert outcomes(results) == [ACCEPTED, outcome, ACCEPTED, ACCEPTED]
    # Nothing was sent again.
    assert [sent.attempt_id for sent in peer.messages] == ["1-1", *["2-1"] * taken, "3-1", "4-1"]


def test_a_reset_in_the_middle_of_a_request_is_never_taken_for_success_or_refusal(
    serve_twilio: Serve, connect_twilio: Connect
) -> None:
    """The request may or may not have been sent completely; both results are correct."""
    peer = serve_twilio()
    peer.next_faults.extend([None, Fault.RESET_BEFORE])
    results = connect_twilio(peer, concurrency=1).send_batch(people(3))
    assert results[1].outcome in (TRANSIENT, UNKNOWN)
    assert [sent.attempt_id for sent in peer.messages] == ["1-1", "3-1"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_where_nobody_listens_nothing_has_left(connect_twilio: Connect) -> None:
    results = connect_twilio(f"http://127.0.0.1:{free_port()}", concurrency=1).send_batch(people(3))
    assert [(result.outcome, result.code) for result in results] == [(TRANSIENT, "")] * 3
    assert "refused" in results[0].detail


def test_a_host_that_there_is_not_is_no_lost_message(connect_twilio: Connect) -> None:
    assert outcomes(connect_twilio("http://nowhere.invalid", concurrency=1).send_batch(people(2))) == [TRANSIENT] * 2


@contextmanager
def saying(answer: bytes) -> Generator[int]:
    """Run a server that reads each request's first bytes, gives the same answer and closes the connection."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_handshake_that_breaks_is_no_lost_message(connect_twilio: Connect) -> None:
    with saying(b"") as port:
        provider = connect_twilio(f"https://127.0.0.1:{port}", concurrency=1)
        assert outcomes(provider.send_batch(people(2))) == [TRANSIENT] * 2


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(201, UNKNOWN), (400, PERMANENT), (429, THROTTLED), (500, UNKNOWN), (503, TRANSIENT)],
)
def test_an_answer_that_is_cut_short_is_read_by_its_status(
    connect_twilio: Connect, status: int, outcome: Outcome
) -> None:
    answer = f'HTTP/1.1 {status} So\r\nContent-Length: 99\r\nRetry-After: 9\r\n\r\n{{"code": 2'
    with saying(answer.encode()) as port:
        [result] = connect_twilio(f"http://127.0.0.1:{port}").send_batch(people(1))
    assert result.outcome is outcome
    assert result.retry_after_seconds == (9 if outcome is THROTTLED else None)


def test_a_server_without_tls_is_no_lost_message(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    address = peer.url.replace("http:", "https:")
    assert outcomes(connect_twilio(address, concurrency=1).send_batch(people(2))) == [TRANSIENT] * 2
    assert peer.requests == 0


@pytest.mark.parametrize(
    ("answer", "outcome", "scope"),
    [
        (Answer(302, headers={"Location": "https://evil.example/"}), PERMANENT, Scope.ACCOUNT),
        (Answer(404, b"<html>Not here</html>"), PERMANENT, Scope.ACCOUNT),
        (Answer(400, b"[1]"), PERMANENT, Scope.CONTENT),
        (Answer(400, b'{"code": "x", "detail": "New form."}'), PERMANENT, Scope.CONTENT),
        (Answer(429, b"slow down"), THROTTLED, Scope.ACCOUNT),
        (Answer(502, b"<html>Bad gateway</html>"), UNKNOWN, Scope.ACCOUNT),
        (Answer(504, b""), UNKNOWN, Scope.ACCOUNT),
        (Answer(201, b"<html>Please log in</html>"), UNKNOWN, Scope.ROUTE),
        (Answer(201, b"\xff\xff"), UNKNOWN, Scope.ROUTE),
        (Answer(200, b"[]"), UNKNOWN, Scope.ROUTE),
    ],
)
def test_an_answer_that_is_none_of_twilios_is_read_by_its_status(
    serve_twilio: Serve, connect_twilio: Connect, answer: Answer, outcome: Outcome, scope: Scope | None
) -> None:
    class Proxy(TwilioStandIn):
        def take(self, request: Request) -> Answer:
            return answer

    [result] = connect_twilio(serve_twilio(Proxy)).send_batch(people(1))
    assert (result.outcome, result.scope) == (outcome, scope)


# When it takes too long


def test_what_has_no_answer_in_time_is_unknown_and_what_was_not_begun_waits(
    serve_twilio: Serve, connect_twilio: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_begun = threading.Barrier(3)

    def wait_for_nobody(futures: Any, timeout: float) -> None:
        assert 0 < timeout <= parallel_calls.LIMIT_SECONDS
        both_have_begun.wait(timeout=20)
        while peer.next_faults:  # until both requests have taken theirs
            time.sleep(0.01)
        wait(futures, timeout=0)

    def begin() -> None:
        both_have_begun.wait(timeout=20)

    peer = serve_twilio()
    peer.on_request = begin
    peer.next_faults.extend([Fault.SILENT, Fault.SILENT])
    provider = connect_twilio(peer, concurrency=2)
    with monkeypatch.context() as impatient:
        impatient.setattr(parallel_calls, "wait", wait_for_nobody)
        results = provider.send_batch(people(5))
    assert outcomes(results) == [UNKNOWN, UNKNOWN, THROTTLED, THROTTLED, THROTTLED]
    assert {result.retry_after_seconds for result in results[2:]} == {0}
    # The next batch has all its threads, although some still wait.
    peer.on_request = None
    assert outcomes(provider.send_batch(people(5))) == [ACCEPTED] * 5
    assert peer.requests == 7


def test_after_a_while_nothing_more_is_begun(
    serve_twilio: Serve, connect_twilio: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel_calls, "START_SECONDS", 0.0)
    peer = serve_twilio()
    results = connect_twilio(peer).send_batch(people(3))
    assert [(result.outcome, result.retry_after_seconds) for result in results] == [(THROTTLED, 0)] * 3
    assert peer.requests == 0


def test_when_the_caller_is_stopped_nothing_more_is_begun(
    serve_twilio: Serve, connect_twilio: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun = threading.Event()

    def stop(*_: Any, **__: Any) -> None:
        has_begun.wait(timeout=20)
        raise SystemExit

    peer = serve_twilio()
    peer.on_request = has_begun.set
    peer.next_faults.append(Fault.SILENT)
    provider = connect_twilio(peer, concurrency=1)
    monkeypatch.setattr(parallel_calls, "wait", stop)
    with pytest.raises(SystemExit):
        provider.send_batch(people(10))
    peer.cut_connections()
    monkeypatch.undo()
    assert outcomes(provider.send_batch(people(1))) == [ACCEPTED]
    assert peer.requests == 2
