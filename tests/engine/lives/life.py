"""What the lives have in common: a clock that jumps, and a database that forgets each life when it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from distributor.engine.infrastructure.clock import database_now

MINUTE = timedelta(minutes=1)


class Life(RuleBasedStateMachine):
    """A machine in a transaction that is rolled back at its end.

    Hypothesis leaves some rules out of each life. What must happen in all of them, such as time and work, is therefore
    part of every rule.
    """

    def __init__(self) -> None:
        super().__init__()
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        self.now = database_now()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._transaction.__exit__(None, None, None)


def live(machine: Callable[[], Life], *, lives: int, steps: int) -> None:
    # The function calls what it is given; only its annotation wants a class.
    run_state_machine_as_test(
        cast(type[Life], machine),
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            # Swarms leave out the rules that a bundle waits for, and such lives end early.
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
