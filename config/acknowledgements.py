"""Keeps workers alive whose acknowledgement Valkey or Redis did not answer."""

from kombu.transport import redis, virtual


class ForgivingQoS(redis.QoS):
    """Counts a message as done even if the broker did not answer its acknowledgement.

    kombu's own counts it as in progress for good. A worker takes one message at a time
    (CELERY_WORKER_PREFETCH_MULTIPLIER), so after a broker that hung for 5 s it never took another one. The broker may
    deliver such a wake-up again, which costs a look.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)


def forgive_lost_acknowledgements() -> None:
    """Let every connection to Valkey or Redis in this process use ForgivingQoS."""
    redis.Channel.QoS = ForgivingQoS
