"""A queue in a table, as it is written by hand: `SELECT … FOR UPDATE SKIP LOCKED LIMIT n`, send, delete, commit.

`python -m tests.bench.peers.hand_queue --limit 100` is its worker. With `--tuned` it parses a template once, reads the
recipients of its jobs in one query and writes them in one statement.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from uuid import UUID

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.db import connection, transaction  # after the set-up
from django.db.models import F
from django.template import Context, Template
from django.utils import timezone

from channels.models import TemplateVariant
from tests.bench.dispatch.noop import take_message
from tests.bench.models import RivalRecipient
from tests.bench.peers.naive_tasks import links_of, save_outcome, write_one

IDLE_SECONDS = 0.05
_TABLE = """
CREATE TABLE IF NOT EXISTS bench_job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, recipient_id bigint NOT NULL, template_id uuid NOT NULL
)
"""
_TAKE = "SELECT id, recipient_id, template_id FROM bench_job ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
_DELETE = "DELETE FROM bench_job WHERE id = ANY(%s)"


def fill_queue(recipient_ids: Sequence[int], template_id: UUID) -> None:
    """Create the table unless it exists, and a job for each recipient."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(
            "INSERT INTO bench_job (recipient_id, template_id) SELECT unnest(%s::bigint[]), %s",
            [list(recipient_ids), template_id],
        )


def work(limit: int, send: Callable[[Sequence[int], str], None]) -> None:
    """Take so many jobs at a time, send them and delete them in one transaction, for ever."""
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TAKE, [limit])
            jobs = cursor.fetchall()
            if jobs:
                send([recipient_id for _, recipient_id, _ in jobs], str(jobs[0][2]))
                cursor.execute(_DELETE, [[job_id for job_id, _, _ in jobs]])
        if not jobs:
            time.sleep(IDLE_SECONDS)


def send_one_by_one(recipient_ids: Sequence[int], template_id: str) -> None:
    """Read, render, send and save each message."""
    for recipient_id in recipient_ids:
        recipient, subject, html, text = write_one(recipient_id, template_id)
        take_message(subject, html, text)
        save_outcome(recipient, "sent")


def send_together(recipient_ids: Sequence[int], template_id: str) -> None:
    """Read all recipients, render and send each message, save all."""
    templates = _templates(template_id)
    for recipient in RivalRecipient.objects.select_related("contact").filter(pk__in=recipient_ids):
        context = Context({"contact": recipient.contact, "data": recipient.attributes, **links_of(recipient.code)})
        subject, html, text = (template.render(context) for template in templates)
        take_message(subject, html, text)
    RivalRecipient.objects.filter(pk__in=recipient_ids).update(
        state="finished", outcome="sent", attempt_count=F("attempt_count") + 1, first_sent_at=timezone.now()
    )


@cache
def _templates(template_id: str) -> tuple[Template, Template, Template]:
    variant = TemplateVariant.objects.get(template_id=UUID(template_id), locale="en")
    return Template(variant.subject), Template(variant.html), Template(variant.text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--tuned", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    work(options.limit, send_together if options.tuned else send_one_by_one)
