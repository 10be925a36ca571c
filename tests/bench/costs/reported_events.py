"""Events that a provider reports by webhook: verified, stored, folded into their journeys and answered.

SendGrid's signed webhooks of 500 events each, by 4 clients. The rival is the view as it is usually written: it gets the
row of each event and saves it. It verifies no signature, stores no event, and takes each as new and in order.
"""

import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

from django.db import connection

from channels.models import ProviderAccount
from distributor.engine.journey.attempts import attempt_id
from distributor.models import Attempt, ProviderEvent, Recipient
from distributor.rules.journey.delivery_events import Progress
from tests.bench.dispatch.our_dispatch import accept_calls, wait_until_drained
from tests.bench.stage.accounts import at_sendgrid
from tests.bench.stage.clients import CLIENTS, Load, run_in_parallel
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.live_stack import live_stack
from tests.bench.stage.web import web_server
from tests.support.standins.sendgrid import SendGridStandIn

EVENTS_PER_CALL = 500
RIVAL_EVENTS = 4_000
LIMIT_SECONDS = 300.0
_COPY = "INSERT INTO bench_recipient SELECT * FROM distributor_recipient WHERE id = ANY(%s)"


def measure_reported_events(stage: Stage, supply: ContactSupply, count: int, logs: Path) -> dict[str, float]:
    """(v) Return events/s, ours and the rival's, for a delivery and an open of each of `count` messages, shuffled.

    Raises RuntimeError unless every event is stored and every message counts as delivered and opened.
    """
    service = SendGridStandIn()
    account = _account(stage, service.public_key)
    sent = _send_through(account, stage, supply, count, logs)
    with connection.cursor() as cursor:
        cursor.execute(_COPY, [sent])
    reports = [report for recipient_id in sent for report in _reports(recipient_id)]
    Random(17).shuffle(reports)
    settle_disk()
    with web_server(stage, logs / "web-for-events.log") as web:
        ours = _post(web.port, f"/webhooks/{account.id}", _signed(service, reports))
    _require_folded(sent, account.id)
    settle_disk()
    with web_server(stage, logs / "rivals-for-events.log", is_stock=True) as stock:
        rival = _post(stock.port, "/bench/naive/events", _signed(service, reports[:RIVAL_EVENTS]))
    return {
        "events_per_second": ours.per_second(EVENTS_PER_CALL),
        "naive_events_per_second": rival.per_second(EVENTS_PER_CALL),
    }


def _account(stage: Stage, public_key: str) -> ProviderAccount:
    account = ProviderAccount.objects.get(id=at_sendgrid(stage, "https://api.sendgrid.com").provider_id)
    account.configuration = {**account.configuration, "webhookPublicKey": public_key}
    account.save()
    return account


def _send_through(account: ProviderAccount, stage: Stage, supply: ContactSupply, count: int, logs: Path) -> list[int]:
    """Send through the account while it sends nothing, and return the recipients' ids."""
    ProviderAccount.objects.filter(id=account.id).update(kind="noop", configuration={})
    through_it = replace(stage, provider_id=account.id)
    accepted = accept_calls(through_it, supply, count // CALL_SIZE, logs / "web-before-events.log")
    # With beat, whose sweeps find batches that gave way to the first call through a new account.
    with live_stack(logs, "events") as check:
        wait_until_drained(check)
    account.save()
    return list(accepted.filter(outcome="sent").values_list("id", flat=True))


def _reports(recipient_id: int) -> list[dict[str, object]]:
    mail = {"attempt_id": attempt_id(recipient_id, 1), "recipient_id": recipient_id, "timestamp": int(time.time())}
    mail |= {"email": f"person-{recipient_id}@example.com", "sg_message_id": f"noop-{recipient_id}.recvd-67BADEEA-6.0"}
    return [{**mail, "event": name, "sg_event_id": f"{name}-{recipient_id}"} for name in ("delivered", "open")]


def _signed(service: SendGridStandIn, reports: Sequence[Mapping[str, object]]) -> list[tuple[bytes, Mapping[str, str]]]:
    """Return the bodies and headers of calls with all of the reports."""
    parts = [reports[first : first + EVENTS_PER_CALL] for first in range(0, len(reports), EVENTS_PER_CALL)]
    webhooks = [service.webhook(part, time.time()) for part in parts]
    return [(webhook.body, webhook.headers) for webhook in webhooks]


def _post(port: int, path: str, calls: Sequence[tuple[bytes, Mapping[str, str]]]) -> Load:
    """Post all calls. Raises RuntimeError for a response that is not a success, or if they take too long."""
    posts: list[Callable[[tuple[bytes, Mapping[str, str]]], None]] = [
        partial(_post_one, http.client.HTTPConnection("127.0.0.1", port, timeout=300), path) for _ in range(CLIENTS)
    ]
    load = run_in_parallel(posts, calls, LIMIT_SECONDS)
    if load.calls != len(calls):
        raise RuntimeError(f"only {load.calls} of {len(calls)} calls were answered in time")
    return load


def _post_one(caller: http.client.HTTPConnection, path: str, call: tuple[bytes, Mapping[str, str]]) -> None:
    body, headers = call
    caller.request("POST", path, body, dict(headers))
    answer = caller.getresponse()
    text = answer.read()
    if not 200 <= answer.status < 300:
        raise RuntimeError(f"{path} answered {answer.status}: {text[:500]!r}")


def _require_folded(sent: Sequence[int], account_id: UUID) -> None:
    stored = ProviderEvent.objects.filter(provider_account_id=account_id).count()
    delivered = Attempt.objects.filter(recipient_id__in=sent, progress__gte=Progress.DELIVERED.value).count()
    opened = Recipient.objects.filter(id__in=sent, first_opened_at__isnull=False).count()
    if not sent or (stored, delivered, opened) != (2 * len(sent), len(sent), len(sent)):
        raise RuntimeError(f"{stored} events are stored, {delivered} attempts delivered, {opened} recipients opened")
