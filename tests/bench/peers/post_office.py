"""Messages per second of django-post-office, with two processes: its queue is filled, then its command drains it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from post_office import mail
from post_office.models import STATUS, Email, EmailTemplate

from distributor.rules.link_codes import mint_codes
from tests.bench.peers.naive_tasks import links_of
from tests.bench.peers.watch import watch_rate
from tests.bench.stage.contact_supply import ContactSupply, person
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.invitation import in_django_templates
from tests.bench.stage.processes import PROCESSES, running


def drain_noop(stage: Stage, supply: ContactSupply, count: int, settings: str, logs: Path) -> float:
    """(f) Return messages/s to a backend that does nothing."""
    return drain_post_office(supply, count, {"DJANGO_SETTINGS_MODULE": settings}, logs)


def drain_post_office(supply: ContactSupply, count: int, environment: Mapping[str, str], logs: Path) -> float:
    """Fill the queue and run its command, which renders messages on delivery. Return messages/s."""
    template, numbers = _template(), supply.take(count, new_share=0.0)
    mail.send_many(
        [
            _queued_mail(template, person(number, year=2026), code)
            for number, code in zip(numbers, mint_codes(count), strict=True)
        ]
    )
    left = Email.objects.exclude(status=STATUS.sent)
    settle_disk()
    command = [sys.executable, "manage.py", "send_queued_mail", "--processes", str(PROCESSES)]
    log = logs / "post-office.log"
    with running([*command, "--lockfile", str(log.with_suffix(""))], environment, log) as check:
        return watch_rate(lambda: count - left.count(), count, check)


def _template() -> EmailTemplate:
    texts = in_django_templates()
    template, _ = EmailTemplate.objects.get_or_create(
        name="invitation",
        defaults={"subject": texts["subject"], "content": texts["text"], "html_content": texts["html"]},
    )
    return template


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
