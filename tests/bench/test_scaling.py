"""The simulation of many workers: every message is sent once, and what bounds the speed is what it should be."""

from dataclasses import replace

import pytest

from tests.bench.scaling.workers import BATCH_SIZE, EMAILS, NOOP, TEXTS, Costs, Provider, simulate


@pytest.mark.parametrize("provider", [NOOP, EMAILS, TEXTS], ids=["noop", "emails", "texts"])
def test_every_message_is_sent_once(provider: Provider) -> None:
    run = simulate(workers=3, cores=2, batches=20, provider=provider)

    assert run.sent == 20 * BATCH_SIZE


def test_a_batch_that_outlasts_the_time_slice_is_claimed_again() -> None:
    slow = replace(EMAILS, call_size=100, latency=0.3)

    run = simulate(workers=1, cores=1, batches=2, provider=slow)

    # Ten calls of 0.3 s, of which a time slice has four.
    assert run.claims == 6


def test_workers_that_hold_a_batch_wake_one_each() -> None:
    costs = Costs(claim=0.0, message=0.001, gather=0.010, wakeup=0.0)

    reached = simulate(workers=4, cores=4, batches=100, provider=NOOP, costs=costs).reached

    assert reached == pytest.approx([0.0, 0.010, 0.020, 0.030])


def test_batches_that_end_before_the_next_claim_wake_more() -> None:
    quick = Costs(claim=0.0, message=0.000_001, gather=0.010, wakeup=0.0)
    slow = replace(quick, message=0.001)

    many, one_each = (
        simulate(workers=8, cores=8, batches=30_000 if costs is quick else 100, provider=NOOP, costs=costs)
        for costs in (quick, slow)
    )

    assert many.reached[7] < one_each.reached[7]


def test_without_wake_ups_in_time_one_worker_does_all() -> None:
    run = simulate(workers=4, cores=4, batches=10, provider=NOOP, costs=Costs(gather=100.0))

    assert len(run.reached) == 1


def test_cores_bound_the_speed_of_many_workers() -> None:
    run = simulate(workers=32, cores=2, batches=200, provider=NOOP)

    assert run.messages_per_second < 2 / Costs().message


def test_claims_under_one_lock_bound_it_where_cores_do_not() -> None:
    costs = Costs(claim=0.010, message=0.000_01, wakeup=0.0)

    run = simulate(workers=32, cores=64, batches=500, provider=NOOP, costs=costs)

    assert run.claims / run.seconds < 1 / costs.claim
    assert run.locked_share > 0.9
