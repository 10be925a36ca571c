"""All metrics. A label has few values: `account` has at most ACCOUNT_LIMIT, `reason` a dozen."""

from typing import Final

from distributor.engine.metrics.family import Kind, Metric

_OF_PROVIDER: Final = ("provider", "channel")

CALLS: Final = Metric(
    "distributor_call_duration_seconds",
    Kind.HISTOGRAM,
    "How long HTTP calls took, by API, method and class of status. From Valkey.",
    ("api", "method", "status"),
)
ACCEPTANCES: Final = Metric(
    "distributor_acceptance_duration_seconds",
    Kind.HISTOGRAM,
    "How long calls took that accepted a send or tried one out, by API. From Valkey.",
    ("api",),
)
ATTEMPTS: Final = Metric(
    "distributor_attempts_total",
    Kind.COUNTER,
    "Messages handed over to providers, by result (sent, failed, unknown, deferred) and reason.",
    (*_OF_PROVIDER, "result", "reason"),
)
PROVIDER_CALLS: Final = Metric(
    "distributor_provider_call_duration_seconds",
    Kind.HISTOGRAM,
    "How long calls of providers took. A call carries up to 1000 messages.",
    _OF_PROVIDER,
)
PROVIDER_EVENTS: Final = Metric(
    "distributor_provider_events_total",
    Kind.COUNTER,
    "Events that providers reported by webhook, each once, by kind.",
    (*_OF_PROVIDER, "kind"),
)
PROVIDER_EVENT_LAG: Final = Metric(
    "distributor_provider_event_lag_seconds",
    Kind.HISTOGRAM,
    "How long after it happened an event was reported by its provider.",
    ("provider",),
)
EVENT_REQUESTS: Final = Metric(
    "distributor_event_requests_total",
    Kind.COUNTER,
    "Requests to event endpoints, by result (delivered, failed).",
    ("result",),
)
EVENT_LAG: Final = Metric(
    "distributor_event_lag_seconds",
    Kind.HISTOGRAM,
    "How old the oldest event of a delivered request was when its endpoint took it.",
)
WAITING: Final = Metric(
    "distributor_waiting_recipients",
    Kind.GAUGE,
    "Recipients who wait to be sent to, by lane and what they wait for.",
    ("lane", "why"),
)
WAITING_BATCHES: Final = Metric(
    "distributor_waiting_batches", Kind.GAUGE, "Batches of these recipients.", ("lane", "why")
)
OLDEST_DUE: Final = Metric(
    "distributor_oldest_due_seconds",
    Kind.GAUGE,
    "For how long the oldest batch has been due that waits for nothing but a worker. 0: none is due.",
    ("lane",),
)
IS_CAPPED: Final = Metric(
    "distributor_waiting_is_capped",
    Kind.GAUGE,
    "1 if more than 10000 batches wait in a lane: then the numbers of what waits are lower bounds.",
)
ACCOUNTS: Final = Metric(
    "distributor_provider_accounts",
    Kind.GAUGE,
    "Provider accounts by state: working, failing, paused, broken or inactive.",
    (*_OF_PROVIDER, "state"),
)
BREAKER: Final = Metric(
    "distributor_account_breaker_open",
    Kind.GAUGE,
    "1 if the breaker of this provider account is open, so that nothing leaves by it but probes.",
    ("account", "provider"),
)
PAUSED: Final = Metric(
    "distributor_account_pause_seconds",
    Kind.GAUGE,
    "For how long this provider account is still paused.",
    ("account", "provider"),
)
TOKENS: Final = Metric(
    "distributor_account_tokens",
    Kind.GAUGE,
    "Messages that this provider account could send at once when it was last used, of its rate per second.",
    ("account", "provider"),
)
SENT_TODAY: Final = Metric(
    "distributor_account_sent_today",
    Kind.GAUGE,
    "Messages of this UTC day by this provider account, of its daily limit.",
    ("account", "provider"),
)
HEARTBEAT_AGE: Final = Metric(
    "distributor_heartbeat_age_seconds",
    Kind.GAUGE,
    "How long ago a periodic task last ran, which takes beat, the broker and a worker. Absent: never.",
    ("task",),
)
OPEN_WORK: Final = Metric(
    "distributor_background_work",
    Kind.GAUGE,
    "Background work that is not finished, by kind.",
    ("work",),
)
WORK_DUE: Final = Metric(
    "distributor_background_work_due_seconds",
    Kind.GAUGE,
    "For how long the oldest of it has been due. 0: none is due.",
    ("work",),
)
ENDPOINTS: Final = Metric(
    "distributor_event_endpoints",
    Kind.GAUGE,
    "Event endpoints by state: active, failing, disabled or inactive.",
    ("state",),
)
UNDELIVERED: Final = Metric(
    "distributor_undelivered_event_seconds",
    Kind.GAUGE,
    "How old the oldest event is that an active endpoint was not sent yet. 0: there is none.",
)
PENDING_REQUESTS: Final = Metric(
    "distributor_pending_event_requests",
    Kind.GAUGE,
    "Requests to event endpoints that wait for their next try.",
)
RECOVERING: Final = Metric(
    "distributor_recovering", Kind.GAUGE, "1 if nothing is sent because the database was restored."
)
JOURNAL_FAILED: Final = Metric(
    "distributor_journal_failed", Kind.GAUGE, "1 if a worker could not write the journal of hand-overs lately."
)
DATABASE_UP: Final = Metric(
    "distributor_database_up", Kind.GAUGE, "1 if PostgreSQL could be read. If not, what is read there is missing."
)
VALKEY_UP: Final = Metric(
    "distributor_valkey_up", Kind.GAUGE, "1 if Valkey could be read. If not, durations of calls are missing."
)
READ_SECONDS: Final = Metric(
    "distributor_metrics_read_seconds", Kind.GAUGE, "How long it took to read these metrics. They are kept for 5 s."
)

METRICS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
