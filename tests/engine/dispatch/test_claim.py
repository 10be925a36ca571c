"""Claims: exactly what is due, oldest first, one holder each, fair over organisations."""

from datetime import timedelta
from itertools import product
from threading import Barrier, Thread

import pytest
from django.db import connection

from contacts.ids import new_id
from contacts.models import Organization
from distributor.engine.dispatch.claim import claim_batch
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch
from distributor.models.batch import BatchState
from tests.engine.conftest import Send

MINUTE = timedelta(minutes=1)


def make_batches(like: Batch, count: int = 1, **fields: object) -> list[Batch]:
    """Make batches like this one. Another organisation's have a distribution and a step that claims do not read."""
    kept = {name: getattr(like, name) for name in ("organization_id", "distribution_id", "step_id", "lane", "due_at")}
    if fields.get("organization_id", like.organization_id) != like.organization_id:
        kept |= {"distribution_id": new_id(), "step_id": new_id()}
    return Batch.objects.bulk_create(Batch(**{**kept, "size": 1, **fields}) for _ in range(count))


@pytest.mark.django_db
def test_the_claim_takes_what_the_query_set_calls_due(send: Send) -> None:
    send(1)
    like = Batch.objects.get()
    now = database_now()
    for state, due_at, lease in product(BatchState, (now - MINUTE, now, now + MINUTE), (None, -MINUTE, MINUTE)):
        if state == BatchState.DONE and lease is not None:
            continue
        make_batches(like, state=state, due_at=due_at, lease_expires_at=None if lease is None else now + lease)
    due = set(Batch.objects.due(now).values_list("id", flat=True))
    claimed = set()
    while claim := claim_batch("urgent", now):
        claimed.add(claim.batch_id)
    assert claimed == due
    assert len(due) == 5


@pytest.mark.django_db
def test_the_oldest_is_taken_first(send: Send) -> None:
    send(1)
    like = Batch.objects.get()
    now = database_now()
    [oldest] = make_batches(like, due_at=now - 2 * MINUTE)
    make_batches(like, due_at=now - MINUTE)
    claim = claim_batch("urgent", now)
    assert claim is not None
    assert claim.batch_id == oldest.id


@pytest.mark.django_db
def test_organisations_take_turns_as_long_as_each_has_something_due(send: Send) -> None:
    send(1)
    like = Batch.objects.get()
    small, smaller = (Organization.objects.create(name=name, slug=name).id for name in ("small", "smaller"))
    make_batches(like, 99, due_at=like.due_at - MINUTE)
    make_batches(like, 4, organization_id=small)
    make_batches(like, 2, organization_id=smaller)
    later = Organization.objects.create(name="Later", slug="later").id
    make_batches(like, 1, organization_id=later, due_at=database_now() + MINUTE)
    claims = [claim_batch("urgent", database_now()) for _ in range(12)]
    served = [claim.organization_id for claim in claims if claim is not None]
    assert [set(served[place : place + 3]) for place in (0, 3)] == [{like.organization_id, small, smaller}] * 2
    assert [set(served[place : place + 2]) for place in (6, 8)] == [{like.organization_id, small}] * 2
    assert served[10:] == [like.organization_id] * 2


@pytest.mark.django_db
def test_each_lane_has_turns_of_its_own(send: Send) -> None:
    send(1)
    like = Batch.objects.get()
    other = Organization.objects.create(name="Small", slug="small").id
    for lane in ("normal", "bulk"):
        make_batches(like, 4, lane=lane)
        make_batches(like, 4, lane=lane, organization_id=other)
    served: dict[str, list[object]] = {"normal": [], "bulk": []}
    for lane in ("normal", "bulk") * 4:
        claim = claim_batch(lane, database_now())
        assert claim is not None
        served[lane].append(claim.organization_id)
    for turns in served.values():
        assert turns[0] != turns[1]
        assert turns[:2] == turns[2:]


@pytest.mark.django_db
def test_lanes_are_apart(send: Send) -> None:
    send(1)
    assert claim_batch("bulk", database_now()) is None


@pytest.mark.django_db(transaction=True)
def test_no_batch_is_held_twice_by_workers_that_claim_at_once(send: Send) -> None:
    send(1)
    like = Batch.objects.get()
    make_batches(like, 59)
    now = database_now()
    held: list[object] = []
    barrier = Barrier(6)

    def work() -> None:
        barrier.wait()
        while claim := claim_batch("urgent", now):
            held.append(claim.batch_id)
        connection.close()

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # SKIP LOCKED may let a worker leave while another still holds a lock, but nothing is taken twice …
    assert len(held) == len(set(held))
    # … and what was left over is there for the next hint.
    while claim := claim_batch("urgent", now):
        held.append(claim.batch_id)
    assert len(held) == 60


@pytest.mark.django_db
def test_ten_thousand_future_batches_do_not_hide_a_due_one(send: Send) -> None:
    send(1)
    like = Batch.objects.get()
    other = Organization.objects.create(id=new_id(), name="Later", slug="later")
    make_batches(like, 10_000, organization_id=other.id, due_at=database_now() + MINUTE)
    claim = claim_batch("urgent", database_now())
    assert claim is not None
    assert claim.batch_id == like.id
