"""What a full run must reach. The quick form has minimums of its own (quick.py)."""

from dataclasses import dataclass

from tests.bench.report.titles import MESSAGES


@dataclass(frozen=True)
class Bar:
    """The ratio of `over` to `under` must be at least the limit, or at most if `is_most`."""

    name: str
    over: tuple[str, str]
    under: tuple[str, str]
    limit: float
    is_most: bool = False


@dataclass(frozen=True)
class Limit:
    """A figure, by default in seconds, must be at most the limit."""

    name: str
    figure: tuple[str, str]
    limit: float
    unit: str = " s"


MIXED, NEW = "mixed_contacts_per_second", "new_contacts_per_second"
FIRST_LISTS, LAST_LISTS = "first_lists_per_second", "last_lists_per_second"
SMALLEST = ("k", "ms_beside_10_batches")
BARS = [
    Bar("acceptance: ours / naive ORM view", ("c", MIXED), ("a", MIXED), 60),
    Bar("acceptance: ours / serializers + bulk_create", ("c", MIXED), ("b", MIXED), 8),
    Bar("acceptance: floor / ours, all new", ("d", NEW), ("c", NEW), 2, is_most=True),
    Bar("dispatch: ours / a task a message", ("g", MESSAGES), ("e", MESSAGES), 60),
    Bar("dispatch: ours / django-post-office", ("g", MESSAGES), ("f", MESSAGES), 20),
    Bar("SendGrid in trouble: ours / its package", ("h", MESSAGES), ("hn", MESSAGES), 30),
    Bar("Twilio at 50 ms: ours / its package", ("i", MESSAGES), ("in", MESSAGES), 10),
    Bar("SMTP: ours / django-post-office", ("y", MESSAGES), ("yf", MESSAGES), 3),
    Bar("lists: the first 5,000 / the last of 100,000", ("p", FIRST_LISTS), ("p", LAST_LISTS), 1.25, is_most=True),
    Bar("lists: a page of 100,000 / of 5,000", ("p", "page_of_all_ms"), ("p", "page_of_few_ms"), 1.25, is_most=True),
    Bar("claim: 1,000,000 recipients wait / 10,000", ("k", "ms_beside_1000_batches"), SMALLEST, 1.5, is_most=True),
    Bar("claim: 10,000 batches wait / 10", ("k", "ms_beside_10000_batches"), SMALLEST, 1.5, is_most=True),
    Bar("claim: after 1,000,000 changes / before", ("k", "ms_after_state_changes"), SMALLEST, 1.5, is_most=True),
    Bar("webhooks in: ours / get and save", ("v", "events_per_second"), ("v", "naive_events_per_second"), 20),
]
LIMITS = [
    Limit("a hung Valkey: added to a single send's p99", ("t", "valkey_adds_ms"), 5, " ms"),
    Limit("a hung RabbitMQ: added to a single send's p99", ("t", "rabbitmq_adds_ms"), 5, " ms"),
    Limit("memory of the largest worker process", ("w", "worker_most_mb"), 150, " MB"),
    Limit("memory of the largest worker: growth", ("w", "worker_growth_percent"), 10, " %"),
    Limit("memory of the largest web process", ("w", "web_most_mb"), 200, " MB"),
    Limit("10,000 due at one instant: lag, p99", ("j", "p99_seconds"), 10),
    Limit("a single send while a large one drains: p95", ("l", "p95_seconds"), 2),
    Limit("a single send beside slow calls: p95", ("r", "p95_seconds"), 2),
    Limit("limits and audit: a single send", ("q", "single_send_cost_percent"), 3, " %"),
    Limit("limits and audit: quick, 1 contact", ("q", "quick_1_cost_percent"), 3, " %"),
    Limit("limits and audit: quick, 1,000 contacts", ("q", "quick_1000_cost_percent"), 3, " %"),
]
