"""The broker: killed, frozen, emptied, full, unreachable. It holds wake-ups only, so nothing may be lost."""

import pickle

from kombu import Connection, Producer

from tests.chaos.outside.proxy import Mode
from tests.chaos.registry import row
from tests.chaos.trial import Trial

DISPATCH = "distributor.dispatch"


def play_with_broker_away(trial: Trial, seconds: float) -> None:
    """Accept people in small calls before, during and after; each call would wake a worker."""
    with trial.accepting(600, call_size=20):
        trial.sleep(1)
        with trial.fault():
            trial.sleep(seconds)
        trial.stack.mend()


@row("Valkey killed", "kill -9 under load, back after 5 s")
def kill_valkey(trial: Trial) -> None:
    trial.stack.servers.valkey.kill()
    play_with_broker_away(trial, 5)


@row("Valkey frozen", "SIGSTOP for 12 s: it accepts connections and answers nothing")
def freeze_valkey(trial: Trial) -> None:
    with trial.accepting(200 if trial.is_short else 600, call_size=20):
        trial.sleep(1, short_seconds=0.3)
        with trial.fault():
            trial.stack.servers.valkey.freeze()
            trial.sleep(12, short_seconds=3)
            trial.stack.servers.valkey.thaw()


@row("Valkey emptied", "FLUSHALL ten times a second for 5 s")
def flush_valkey(trial: Trial) -> None:
    with trial.fault(), trial.accepting(300, call_size=20):
        for _ in range(50):
            trial.stack.flush_broker()
            trial.sleep(0.1)


@row("Valkey full", "maxmemory reached with noeviction for 10 s: every write is refused")
def fill_valkey(trial: Trial) -> None:
    with trial.stack.servers.broker() as broker, trial.accepting(600, call_size=20):
        trial.sleep(1)
        broker.config_set("maxmemory-policy", "noeviction")
        with trial.fault():
            broker.config_set("maxmemory", "1kb")
            trial.sleep(10)
            broker.config_set("maxmemory", "0")


@row("broker unreachable", "nobody listens on its port for 10 s")
def lose_broker(trial: Trial) -> None:
    with trial.accepting(600, call_size=20):
        trial.sleep(1)
        with trial.fault():
            trial.stack.broker.set(Mode.DOWN)
            trial.sleep(10)
            trial.stack.broker.set(Mode.OPEN)


@row("broker in a black hole", "connections are accepted and nothing is passed on for 10 s, then they are reset")
def swallow_broker(trial: Trial) -> None:
    with trial.accepting(600, call_size=20):
        trial.sleep(1)
        with trial.fault():
            trial.stack.broker.set(Mode.BLACK_HOLE)
            trial.sleep(10)
            trial.stack.broker.set(Mode.OPEN)


@row(
    "poisoned queues",
    "every queue gets pickled, unknown and malformed tasks; one gets noise, on which a worker ends",
)
def poison_queues(trial: Trial) -> None:
    with trial.fault(), trial.accepting(300, call_size=20):
        with Connection(trial.stack.broker_url) as connection, connection.Producer(serializer="json") as producer:
            for queue in ("urgent", "normal", "bulk", "system"):
                publish_poison(producer, queue)
        with trial.stack.servers.broker() as broker:
            # kombu's transport for Valkey raises at this, and the worker ends after its soft shutdown of 20 s.
            broker.lpush("normal", b"noise")
        trial.sleep(3)


def publish_poison(producer: Producer, queue: str) -> None:
    """Publish messages that are no tasks of ours to a queue."""
    good = {"id": "4f6c1f0e", "root_id": "4f6c1f0e", "lang": "py", "argsrepr": "", "kwargsrepr": ""}
    for body, kind, encoding in (
        (pickle.dumps(["urgent"]), "application/x-python-serialize", "binary"),
        (b"{not JSON", "application/json", "utf-8"),
    ):
        producer.publish(
            body,
            routing_key=queue,
            content_type=kind,
            content_encoding=encoding,
            headers={**good, "task": DISPATCH},
        )
    for task, arguments in (("no.such.task", []), (DISPATCH, []), (DISPATCH, ["no such lane"]), (DISPATCH, [1, 2])):
        producer.publish([arguments, {}, {}], routing_key=queue, headers={**good, "task": task})
    producer.publish({"no": "task"}, routing_key=queue)
