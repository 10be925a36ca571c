"""Messages per second of a Celery task per message that uses the vendor's package, with as many worker processes."""

from pathlib import Path

from celery import Task

from tests.bench.dispatch.provider_dispatch import LATENCY_SECONDS, SENDGRID
from tests.bench.models import RivalContact, RivalRecipient
from tests.bench.peers.recipients import rival_recipients
from tests.bench.peers.sdk_tasks import mail_one, text_one
from tests.bench.peers.watch import watch_rate
from tests.bench.stage.accounts import at_sendgrid, at_twilio
from tests.bench.stage.contact_supply import ContactSupply, phone
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.processes import running, worker_command
from tests.bench.stage.stand_ins import peer_running

# No proxy between a rival's client and a stand-in on this machine.
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "tests.bench.settings", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def measure_email_tasks(stage: Stage, supply: ContactSupply, count: int, log: Path) -> dict[str, float]:
    """(hn) Return the figures of the sendgrid package, with the same faults, drawn for each request."""
    recipients = rival_recipients(supply.take(count, new_share=0.0))
    with peer_running("sendgrid", **SENDGRID) as peer:
        figures = _drain(mail_one, at_sendgrid(stage, peer.url), recipients, peer.url, log)
        record = peer.record()
    return figures | {"never_left": count - len(record.copies), "troubled_requests": sum(record.faults.values())}


def measure_text_tasks(stage: Stage, supply: ContactSupply, count: int, log: Path) -> dict[str, float]:
    """(in) Return the figures of the twilio package, with the same latency."""
    numbers = supply.take(count, new_share=0.0)
    recipients = rival_recipients(numbers)
    for recipient, number in zip(recipients, numbers, strict=True):
        recipient.contact.phone = phone(number)
    RivalContact.objects.bulk_update([recipient.contact for recipient in recipients], ["phone"])
    with peer_running("twilio", latency_seconds=LATENCY_SECONDS) as peer:
        figures = _drain(text_one, at_twilio(stage, peer.url), recipients, peer.url, log)
        record = peer.record()
    return figures | {"never_left": count - len(record.copies)}


def _drain(
    task: "Task[..., None]", stage: Stage, recipients: list[RivalRecipient], url: str, log: Path
) -> dict[str, float]:
    """Queue all tasks, then let the worker processes run them. Connections to the database are kept."""
    for recipient in recipients:
        task.apply_async((recipient.id, str(stage.django_template_id), url), queue="bench")
    done = RivalRecipient.objects.filter(batch_id=recipients[0].batch_id, state="finished")
    settle_disk()
    with running(worker_command("bench"), ENVIRONMENT, log) as check:
        rate = watch_rate(done.count, len(recipients), check)
    return {"messages_per_second": rate, "messages": len(recipients)}
