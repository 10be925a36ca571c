"""A dramatiq message per message, over the broker that Celery has. The worker imports this module first."""

import os
from typing import Any

import django
import dramatiq
from django.apps import apps
from django.db import close_old_connections
from dramatiq.brokers.redis import RedisBroker

if not apps.ready:
    django.setup()

from tests.bench.dispatch.noop import take_message  # after the set-up
from tests.bench.peers.naive_tasks import save_outcome, write_one


class CloseConnections(dramatiq.Middleware):
    """Closes connections as Django's settings want it, before and after each message, as django-dramatiq does."""

    def before_process_message(self, *_: Any) -> None:
        close_old_connections()

    def after_process_message(self, *_: Any, **__: Any) -> None:
        close_old_connections()


broker = RedisBroker(url=os.environ["REDIS_URL"])  # type: ignore[no-untyped-call]
broker.add_middleware(CloseConnections())
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="bench")
def send_one(recipient_id: int, template_id: str) -> None:
    """Read, render, send and save one message."""
    recipient, subject, html, text = write_one(recipient_id, template_id)
    take_message(subject, html, text)
    save_outcome(recipient, "sent")
