"""A procrastinate job per message. Its queue is a table of the same PostgreSQL."""

from procrastinate.contrib.django import app

from tests.bench.dispatch.noop import take_message
from tests.bench.peers.naive_tasks import save_outcome, write_one


@app.task(name="bench.send_one", queue="bench")
def send_one(recipient_id: int, template_id: str) -> None:
    """Read, render, send and save one message."""
    recipient, subject, html, text = write_one(recipient_id, template_id)
    take_message(subject, html, text)
    save_outcome(recipient, "sent")
