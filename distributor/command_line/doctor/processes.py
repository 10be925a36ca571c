"""The broker, workers and beat."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from celery.app import app_or_default
from django.conf import settings

from distributor.command_line.doctor.finding import Finding
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.readiness import reach_broker
from distributor.engine.infrastructure.wakeups import EVENTS_QUEUE
from distributor.engine.schedule.sweep import HEARTBEAT_LIMIT, heartbeat_age
from distributor.models.batch import Lane

# A worker answers between two tasks; one works for about a second before it looks.
ANSWER_SECONDS: Final = 3.0
QUEUES: Final = (*Lane.values, settings.CELERY_TASK_DEFAULT_QUEUE, EVENTS_QUEUE)


def check_broker() -> Iterator[Finding]:
    """Yield whether the broker answers, and if so which workers do."""
    try:
        reach_broker()
    except Exception as error:  # each broker has errors of its own
        text = f"It does not answer: {_words(error)}."
        remedy = "Start it, or correct REDIS_URL or BROKER_URL. Meanwhile calls are accepted, and nothing is sent."
        yield Finding.fail("broker", text, remedy)
        return
    yield Finding.ok("broker", "It answers.")
    yield from _check_workers()


def check_beat() -> Iterator[Finding]:
    """Yield when a sweep last ran: beat sends it every 2 s, and a worker carries it out."""
    age = heartbeat_age(database_now())
    remedy = "Start beat (`celery --app config.beat beat`) and at least one worker."
    if age is None:
        yield Finding.fail("beat", "There was no sign of it yet.", remedy)
    elif age > HEARTBEAT_LIMIT:
        yield Finding.fail("beat", f"Its last sign is {age.total_seconds():.0f} s old.", remedy)
    else:
        yield Finding.ok("beat", f"Its last sign is {max(age.total_seconds(), 0):.0f} s old.")


def ask_workers() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the queues of each worker that answers, by its name. Raises what the broker raises."""
    return app_or_default().control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}


def _check_workers() -> Iterator[Finding]:
    try:
        answers = ask_workers()
    except Exception as error:  # each broker has errors of its own
        yield Finding.fail("workers", f"They could not be asked: {_words(error)}.", "Look at the broker.")
        return
    if not answers:
        text = f"None answered within {ANSWER_SECONDS:.0f} s."
        yield Finding.fail("workers", text, f"Start one: `celery --app config worker --queues {','.join(QUEUES)}`.")
        return
    served = {queue["name"] for queues in answers.values() for queue in queues}
    text = f"{len(answers)} answered: {', '.join(sorted(answers))}."
    if missing := [queue for queue in QUEUES if queue not in served]:
        what = f"No worker takes the queues {', '.join(missing)}."
        yield Finding.fail("workers", what, f"Start one with --queues {','.join(missing)}.")
    else:
        yield Finding.ok("workers", text)


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
