"""Beat: it may stop, come back late, or run twice. What is due leaves once, the oldest first."""

from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from channels.models import SandboxMessage
from config.celery import app
from config.schedule import Period
from distributor import tasks
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.schedule import sweep as sweep_module
from distributor.engine.schedule.sweep import sweep
from distributor.models import Attempt, Heartbeat
from tests.engine.conftest import Send
from tests.support.engine.people import given, totals_of
from tests.support.simultaneous import run_together

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PERIOD_SECONDS = 2.0
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def beat(moment: datetime) -> list[str]:
    """One tick, and a worker that follows each of its hints."""
    lanes = sweep(moment, PERIOD_SECONDS)
    for lane in lanes:
        while dispatch_lane(lane, lambda: moment):
            pass
    return lanes


@pytest.mark.django_db
def test_after_ten_minutes_without_beat_all_that_is_due_leaves_once_and_the_oldest_first(send: Send) -> None:
    accepted = [
        send([given(number)], at=NOW, scheduled_at=NOW + number * MINUTE, name=f"minute {number}")
        for number in (7, 3, 11, 0, 9, 5, 1, 10)
    ]
    beat(NOW)
    assert SandboxMessage.objects.count() == 1
    back_at = NOW + 10 * MINUTE
    assert beat(back_at) == ["urgent"]
    order = SandboxMessage.objects.order_by("id").values_list("to", flat=True)
    assert list(order) == [f"person{number}@example.com" for number in (0, 1, 3, 5, 7, 9, 10)]
    assert beat(back_at) == beat(back_at + 2 * SECOND) == []
    beat(NOW + 11 * MINUTE)
    assert [totals_of(one) for one in accepted] == [{"sent": 1}] * 8
    assert SandboxMessage.objects.count() == 8


@pytest.mark.django_db
def test_a_large_batch_that_came_due_without_beat_leaves_once(send: Send) -> None:
    accepted = send(1_200, at=NOW, scheduled_at=NOW + MINUTE)
    beat(NOW + 10 * MINUTE)
    assert totals_of(accepted) == {"sent": 1_200}
    assert SandboxMessage.objects.values("to").distinct().count() == SandboxMessage.objects.count() == 1_200


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_the_same_moment_send_nothing_twice(send: Send) -> None:
    accepted = [send([given(call * 20 + number) for number in range(20)], at=NOW) for call in range(10)]
    for tick in range(3):
        moment = NOW + 2 * tick * SECOND
        run_together([lambda moment=moment: beat(moment)] * 2)  # type: ignore[misc]
    assert [totals_of(one) for one in accepted] == [{"sent": 20}] * 10
    assert SandboxMessage.objects.values("to").distinct().count() == SandboxMessage.objects.count() == 200
    assert Attempt.objects.count() == 200
    assert Heartbeat.objects.get().beat_at == NOW + 4 * SECOND


@pytest.mark.django_db(transaction=True)
def test_of_two_beats_one_looks_and_the_other_does_not_wait(send: Send) -> None:
    send(1, at=NOW)
    looked, go_on = Barrier(2), Barrier(2)

    def look_slowly() -> list[str]:
        with connection.execute_wrapper(pause_after_lock):
            return sweep(NOW, PERIOD_SECONDS)

    def pause_after_lock(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        result = execute(sql, params, many, context)
        if sql == sweep_module._LOCK:
            looked.wait(30)
            go_on.wait(30)
        return result

    def look_meanwhile() -> list[str]:
        looked.wait(30)
        lanes = sweep(NOW, PERIOD_SECONDS)
        go_on.wait(30)
        return lanes

    assert run_together([look_slowly, look_meanwhile]) == [["urgent"], []]


@pytest.mark.django_db
def test_a_wake_up_of_an_earlier_sweep_expires_by_the_clock_of_the_database(send: Send) -> None:
    accepted = send(1)
    tasks.dispatch("urgent", expires_at=(database_now() - SECOND).timestamp())
    assert totals_of(accepted) == {"waiting": 1}
    tasks.dispatch("urgent", expires_at=(database_now() + MINUTE).timestamp())
    assert totals_of(accepted) == {"sent": 1}


@pytest.mark.django_db
def test_of_ticks_that_piled_up_only_one_sweeps() -> None:
    tasks.sweep_lanes()
    swept_at = Heartbeat.objects.get().beat_at
    tasks.sweep_lanes()
    assert Heartbeat.objects.get().beat_at == swept_at
    Heartbeat.objects.update(beat_at=swept_at - 2 * SECOND)
    tasks.sweep_lanes()
    assert Heartbeat.objects.get().beat_at > swept_at


def test_ticks_outlive_any_difference_of_clocks() -> None:
    # Celery drops a message that is too old by the worker's own clock, so a beat that was 2 s behind swept nothing.
    assert all(tick["options"]["expires"] >= 10 * 60 for tick in app.conf.beat_schedule.values())


def test_a_clock_that_was_set_back_delays_no_tick() -> None:
    period = Period(2.0, nowfun=lambda: NOW, app=app)
    assert period.is_due(NOW + 5 * MINUTE).is_due
    assert period.is_due(NOW - 2 * SECOND).is_due
    assert not period.is_due(NOW - SECOND).is_due
    assert all(isinstance(tick["schedule"], Period) for tick in app.conf.beat_schedule.values())
