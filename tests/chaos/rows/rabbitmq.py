"""RabbitMQ instead of Valkey: frozen, emptied, full, killed. Skipped where it is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.outside.rabbitmq import RabbitMq, why_no_rabbitmq
from tests.chaos.registry import row
from tests.chaos.run import running_stack
from tests.chaos.stack import Stack
from tests.chaos.trial import Trial


@contextmanager
def stack_on_rabbitmq() -> Iterator[Stack]:
    with running_stack(has_rabbitmq=True) as stack:
        yield stack


def broker_of(trial: Trial) -> RabbitMq:
    assert trial.stack.rabbitmq is not None
    return trial.stack.rabbitmq


@row(
    "RabbitMQ",
    "in one campaign frozen for 10 s, emptied, over its memory limit for 10 s, and killed with -9 and back after 5 s",
    missing=why_no_rabbitmq,
    stack=stack_on_rabbitmq,
    limit_seconds=240,
)
def trouble_rabbitmq(trial: Trial) -> None:
    broker = broker_of(trial)
    with trial.fault():
        with trial.accepting(300, call_size=20):
            trial.sleep(1)
            broker.freeze()
            trial.sleep(10)
            broker.thaw()
        with trial.accepting(300, call_size=20):
            broker.empty()
        with trial.accepting(300, call_size=20):
            broker.control("set_vm_memory_high_watermark", "absolute", "1")
            trial.sleep(10)
            broker.control("set_vm_memory_high_watermark", "0.4")
        with trial.accepting(300, call_size=20):
            trial.sleep(1)
            broker.kill()
            trial.sleep(5)
            broker.start()
