"""E-mail to a mail server that keeps nothing: ours by its SMTP provider and django-post-office, two processes each."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench.dispatch.our_dispatch import accept_calls, require_all_sent, settled_per_second, wait_until_drained
from tests.bench.peers.post_office import drain_post_office
from tests.bench.rounds import Rounds, in_turns
from tests.bench.stage.accounts import at_smtp
from tests.bench.stage.contact_supply import CALL_SIZE, ContactSupply
from tests.bench.stage.database import Stage, settle_disk
from tests.bench.stage.live_stack import live_stack
from tests.bench.stage.smtp_sink import Sink, smtp_sink

ROUNDS = 3
OUR_MESSAGES, POST_OFFICE_MESSAGES = 10_000, 3_000
DRAIN_LIMIT_SECONDS = 300.0
COUNT_SECONDS = 10.0
SETTINGS = {
    "messages_per_second": "tests.bench.settings.smtp_default",
    "tuned_messages_per_second": "tests.bench.settings.smtp",
}


def measure_smtp(stage: Stage, supply: ContactSupply, logs: Path) -> Rounds:
    """(y, yf) Return messages/s of both. Raises RuntimeError unless the mail server has accepted every message."""
    with smtp_sink(logs) as sink:
        ours = at_smtp(stage, sink.port)
        drains: dict[str, Callable[[], Mapping[str, float]]] = {
            "yf": lambda: {
                figure: _drain_post_office(supply, settings, sink, logs) for figure, settings in SETTINGS.items()
            },
            "y": lambda: {
                "messages_per_second": _drain_ours(ours, supply, sink, logs),
                "sink_is_smtp_sink": float(sink.is_fast),
            },
        }
        return in_turns(ROUNDS, drains)


def _drain_ours(stage: Stage, supply: ContactSupply, sink: Sink, logs: Path) -> float:
    """Accept over HTTP, then let two worker processes send by the SMTP provider, with its defaults."""
    count_before = sink.count()
    accepted = accept_calls(stage, supply, OUR_MESSAGES // CALL_SIZE, logs / "web-for-smtp.log")
    settle_disk()
    # With beat: one account may keep a quarter of the workers, and sweeps find the batches that gave way.
    with live_stack(logs, "smtp") as check:
        wait_until_drained(check, DRAIN_LIMIT_SECONDS)
    require_all_sent(accepted)
    _require_received(sink, count_before, OUR_MESSAGES)
    return settled_per_second(accepted)


def _drain_post_office(supply: ContactSupply, settings: str, sink: Sink, logs: Path) -> float:
    count_before = sink.count()
    environment = {"DJANGO_SETTINGS_MODULE": settings, "EMAIL_PORT": str(sink.port)}
    rate = drain_post_office(supply, POST_OFFICE_MESSAGES, environment, logs)
    _require_received(sink, count_before, POST_OFFICE_MESSAGES)
    return rate


def _require_received(sink: Sink, count_before: int, sent: int) -> None:
    """Raise RuntimeError unless the sink counts as many messages as were sent. Its count may come a moment later."""
    deadline = time.monotonic() + COUNT_SECONDS
    while (received := sink.count() - count_before) < sent and time.monotonic() < deadline:
        time.sleep(0.1)
    if received != sent:
        raise RuntimeError(f"{sent} messages were sent, and the mail server accepted {received}")
