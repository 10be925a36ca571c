"""Messages per second of a Celery task per message to a provider that does nothing, with two worker processes."""

from pathlib import Path

from tests.bench.peers.naive_tasks import send_one
from tests.bench.peers.recipients import rival_recipients, sent_of
from tests.bench.peers.watch import watch_rate
from tests.bench.stage.contact_supply import ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.processes import running, worker_command


def drain_tasks(stage: Stage, supply: ContactSupply, count: int, settings: str, logs: Path) -> float:
    """(e) Queue all tasks, then let two worker processes run them. Return messages/s."""
    recipients = rival_recipients(supply.take(count, new_share=0.0))
    for recipient in recipients:
        send_one.apply_async((recipient.id, str(stage.django_template_id)), queue="bench")
    settle_disk()
    with running(worker_command("bench"), {"DJANGO_SETTINGS_MODULE": settings}, logs / "task-worker.log") as check:
        return watch_rate(sent_of(recipients).count, count, check)
