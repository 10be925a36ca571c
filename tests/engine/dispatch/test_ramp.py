"""Workers call one another as long as there is more than those at work can hold."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from contacts.models import Organization
from distributor.engine.dispatch import loop
from distributor.engine.dispatch.claim import claim_batch
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Batch
from distributor.models.batch import BatchState
from tests.engine.conftest import Send
from tests.engine.dispatch.test_claim import MINUTE, make_batches

Calls = list[tuple[str, datetime]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The wake-ups that the loop sends: the lane, and until when each is good."""
    sent: Calls = []

    monkeypatch.setattr(loop, "wake_another", lambda lane, expires_at: sent.append((lane, expires_at)))
    return sent


@pytest.fixture
def without_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims are taken and closed, and nobody is sent to."""

    def dispatch_batch(claim: Any, clock: Callable[[], datetime], is_time_up: Callable[[], bool]) -> None:
        Batch.objects.filter(pk=claim.batch_id).update(state=BatchState.DONE, lease_expires_at=None)

    monkeypatch.setattr(loop, "dispatch_batch", dispatch_batch)


@pytest.mark.django_db
def test_each_claim_wakes_another_for_a_second_as_long_as_there_is_more(
    send: Send, calls: Calls, without_people: None
) -> None:
    send(1)
    like, now = Batch.objects.get(), database_now()
    make_batches(like, 2, due_at=now - MINUTE)
    make_batches(like, organization_id=Organization.objects.create(name="Other", slug="other").id)
    assert not dispatch_lane("urgent", lambda: now)
    assert calls == [("urgent", now + loop.IDLE_WITHIN)] * 3


@pytest.mark.django_db
def test_a_worker_that_can_hold_everything_wakes_nobody(send: Send, calls: Calls, without_people: None) -> None:
    send(1)
    like, now = Batch.objects.get(), database_now()
    make_batches(like, due_at=now + MINUTE)
    make_batches(like, lane="bulk")
    make_batches(like, lease_expires_at=now + MINUTE)
    dispatch_lane("urgent", lambda: now)
    assert calls == []


@pytest.mark.django_db
def test_a_claim_tells_of_others_that_are_due_whosever_they_are(send: Send) -> None:
    send(1)
    like, now = Batch.objects.get(), database_now()
    make_batches(like, organization_id=Organization.objects.create(name="Other", slug="other").id)
    claims = [claim_batch("urgent", now) for _ in range(2)]
    assert [claim and claim.has_more for claim in claims] == [True, False]
