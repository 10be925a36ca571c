"""A worker whose broker hung while a wake-up was acknowledged."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection, Consumer, Queue
from kombu.message import Message
from redis.exceptions import TimeoutError as NoAnswerError

QUEUE = Queue("test-hung-broker")


@pytest.fixture
def connection() -> Iterator[Connection]:
    with Connection(settings.CELERY_BROKER_URL) as broker:
        QUEUE(broker.default_channel).declare()
        yield broker
        QUEUE(broker.default_channel).delete()


def test_the_next_wake_up_is_taken_after_an_acknowledgement_was_lost(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Message] = []

    def no_answer(*_: Any) -> None:
        raise NoAnswerError("Timeout reading from socket")

    channel: Any = connection.channel()
    with channel, Consumer(channel, QUEUE, on_message=taken.append, prefetch_count=1):
        for number in (1, 2):
            connection.Producer().publish({"number": number}, routing_key=QUEUE.name)
        connection.drain_events(timeout=10)
        with monkeypatch.context() as patch:
            patch.setattr(channel.qos, "_remove_from_indices", no_answer)
            with pytest.raises(NoAnswerError):
                taken[0].ack()
        connection.drain_events(timeout=10)
        taken[1].ack()
    assert [message.payload["number"] for message in taken] == [1, 2]
