"""The thread that sends wake-ups: together what comes together, and nothing is lost."""

import os
from threading import Event

from distributor.engine.infrastructure.background_sender import BackgroundSender


def test_what_is_asked_for_several_times_before_it_is_sent_is_sent_once() -> None:
    sent: list[str] = []
    sender = BackgroundSender(sent.append)
    with sender._changed:  # the thread waits for this lock
        for name in ("urgent", "bulk", "urgent"):
            sender._asked[name] = None
        sender.ask("bulk")
    assert sender.wait_until_sent(30)
    assert sent == ["urgent", "bulk"]


def test_what_is_asked_for_while_it_is_sent_is_sent_again() -> None:
    sent: list[str] = []
    begun, may_end = Event(), Event()

    def send(name: str) -> None:
        sent.append(name)
        begun.set()
        assert may_end.wait(30)

    sender = BackgroundSender(send)
    sender.ask("urgent")
    assert begun.wait(30)
    sender.ask("urgent")
    assert not sender.wait_until_sent(0)
    may_end.set()
    assert sender.wait_until_sent(30)
    assert sent == ["urgent", "urgent"]


def test_a_failure_ends_neither_the_thread_nor_the_next_wake_up() -> None:
    sent: list[str] = []

    def send(name: str) -> None:
        if name == "broken":
            raise RuntimeError(name)
        sent.append(name)

    sender = BackgroundSender(send)
    sender.ask("broken")
    assert sender.wait_until_sent(30)
    sender.ask("urgent")
    assert sender.wait_until_sent(30)
    assert sent == ["urgent"]


def test_a_forked_process_sends_by_a_thread_of_its_own() -> None:
    readable, writable = os.pipe()

    def send(name: bytes) -> None:
        os.write(writable, name)

    sender = BackgroundSender(send)
    sender.ask(b"parent ")
    assert sender.wait_until_sent(30)
    child = os.fork()
    if not child:
        sender.ask(b"child")
        sender.wait_until_sent(30)
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(readable, 100) == b"parent child"
    os.close(readable)
    os.close(writable)
