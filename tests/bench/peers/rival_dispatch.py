"""Messages per second of the rivals to a provider that does nothing, with two worker processes each."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from post_office import mail
from post_office.models import STATUS, Email, EmailTemplate

from contacts.ids import new_id
from distributor.rules.link_codes import mint_codes
from tests.bench.models import RivalContact, RivalRecipient
from tests.bench.peers.naive_tasks import links_of, send_one
from tests.bench.stage.contact_supply import ContactSupply, external_id, person
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.invitation import in_django_templates
from tests.bench.stage.processes import PROCESSES, running, worker_command

POLL_SECONDS = 0.2
DRAIN_LIMIT_SECONDS = 180.0
# The rivals with their defaults, and with kept connections and larger batches.
SETTINGS = {"messages_per_second": "tests.bench.settings.default", "tuned_messages_per_second": "tests.bench.settings"}


def measure_task_per_message(stage: Stage, supply: ContactSupply, count: int, log: Path) -> dict[str, float]:
    """(e) Return messages/s with default and with tuned settings."""
    return {
        figure: _drain_tasks(stage, supply, count, {"DJANGO_SETTINGS_MODULE": settings}, log)
        for figure, settings in SETTINGS.items()
    }


def measure_post_office(supply: ContactSupply, count: int, log: Path) -> dict[str, float]:
    """(f) Return messages/s with default and with tuned settings."""
    texts = in_django_templates()
    template = EmailTemplate.objects.create(
        name="invitation", subject=texts["subject"], content=texts["text"], html_content=texts["html"]
    )
    return {
        figure: _drain_post_office(template, supply, count, {"DJANGO_SETTINGS_MODULE": settings}, log)
        for figure, settings in SETTINGS.items()
    }


def _drain_tasks(stage: Stage, supply: ContactSupply, count: int, environment: dict[str, str], log: Path) -> float:
    """Queue all tasks, then let two worker processes run them."""
    recipients = rival_recipients(supply.take(count, new_share=0.0))
    for recipient in recipients:
        send_one.apply_async((recipient.id, str(stage.django_template_id)), queue="bench")
    sent = RivalRecipient.objects.filter(batch_id=recipients[0].batch_id, state="finished")
    settle_disk()
    with running(worker_command("bench"), environment, log) as check:
        return watch_rate(sent.count, count, check)


def rival_recipients(numbers: Sequence[int]) -> list[RivalRecipient]:
    contacts = RivalContact.objects.filter(external_id__in=[external_id(number) for number in numbers])
    distribution_id = new_id()
    return RivalRecipient.objects.bulk_create(
        RivalRecipient(
            distribution_id=distribution_id,
            contact=contact,
            code=code,
            batch_id=distribution_id,
            attributes=contact.embedded_data,
        )
        for contact, code in zip(contacts, mint_codes(len(numbers)), strict=True)
    )


def _drain_post_office(
    template: EmailTemplate, supply: ContactSupply, count: int, environment: dict[str, str], log: Path
) -> float:
    """Fill django-post-office's queue and run its command, which renders messages on delivery."""
    mail.send_many(
        [
            _queued_mail(template, person(number, year=2026), code)
            for number, code in zip(supply.take(count, new_share=0.0), mint_codes(count), strict=True)
        ]
    )
    left = Email.objects.exclude(status=STATUS.sent)
    settle_disk()
    command = [sys.executable, "manage.py", "send_queued_mail", "--processes", str(PROCESSES)]
    with running([*command, "--lockfile", str(log.with_suffix(""))], environment, log) as check:
        return watch_rate(lambda: count - left.count(), count, check)


def _queued_mail(template: EmailTemplate, contact: dict[str, Any], code: str) -> dict[str, Any]:
    context = {
        "contact": {"first_name": contact["firstName"], "last_name": contact["lastName"]},
        "data": contact["embeddedData"],
        **links_of(code),
    }
    return {
        "recipients": contact["email"],
        "sender": "survey@example.com",
        "template": template,
        "context": context,
        "render_on_delivery": True,
    }


def watch_rate(count_sent: Callable[[], int], total: int, check: Callable[[], None]) -> float:
    """Return messages/s from the first poll that finds some sent to the one that finds all; start-up is not counted."""
    deadline = time.monotonic() + DRAIN_LIMIT_SECONDS
    first: tuple[int, float] | None = None
    while (sent := count_sent()) < total:
        if sent and first is None:
            first = (sent, time.monotonic())
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sent} of {total} sent after {DRAIN_LIMIT_SECONDS:.0f} s")
        check()
        time.sleep(POLL_SECONDS)
    if first is None:
        raise RuntimeError(f"{total} messages are too few to measure: all were sent between two looks")
    return (total - first[0]) / (time.monotonic() - first[1])
