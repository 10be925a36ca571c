"""Calls that take long leave a worker for others: shown by the order of what leaves, with real workers' steps."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from uuid import uuid4

import pytest
from django.db import connection

from channels.models import ProviderAccount, SandboxMessage, Template, TemplateVariant
from channels.providers.base import Message, Outcome, Provider, Result
from contacts.channel import Channel
from contacts.models import Organization
from distributor.engine.acceptance.accept import accept
from distributor.engine.dispatch import slots
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Handover, Survey
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.engine.conftest import Send
from tests.support.engine.people import given
from tests.support.simultaneous import run_together

WORKERS, SLOW_SENDS = 2, 8
LIMIT_SECONDS = 60
open_gate = Event()


class Hanging(Provider):
    """Takes a message, and answers when the gate is opened."""

    label = "Hanging"
    channels = frozenset(Channel)
    batch_size = 1

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        open_gate.wait(LIMIT_SECONDS)
        return [Result(Outcome.ACCEPTED)] * len(messages)


@pytest.fixture
def slow_sends(send: Send, accounts: dict[Channel, ProviderAccount], kinds: dict[str, str]) -> Iterator[None]:
    kinds["hanging"] = f"{__name__}.Hanging"
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(kind="hanging")
    for number in range(SLOW_SENDS):
        send([given(number)], name=f"slow {number}")
    yield
    open_gate.clear()


def send_of_another() -> None:
    """Accept a single send of another organisation, through its sandbox."""
    other = Organization.objects.create(name="Other", slug="other")
    account = ProviderAccount.objects.create(
        organization=other, name="Sandbox", kind="sandbox", channel="email", from_email="surveys@other.example"
    )
    template = Template.objects.create(organization=other, name="Invitation", channel="email")
    TemplateVariant.objects.create(
        template=template, locale="en", subject="Hello", html="<p>${link}</p>", text="${link}"
    )
    survey = Survey.objects.create(organization=other, name="Other")
    step = StepRequest(Channel.EMAIL, account.id, template.id)
    request = DistributionRequest(source="test", survey_id=survey.id, contacts=[given(100)], steps=[step])
    accept(other, None, request, database_now())


def work_until(is_done: Callable[[], bool]) -> None:
    """What a worker process does: dispatch whatever is due, until told to end."""
    try:
        deadline = time.monotonic() + LIMIT_SECONDS
        while not is_done():
            assert time.monotonic() < deadline
            dispatch_lane("urgent", database_now)
            time.sleep(0.01)
    finally:
        connection.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_anothers_message_leaves_while_all_slow_calls_are_open(slow_sends: None) -> None:
    is_over = Event()
    with ThreadPoolExecutor(WORKERS) as pool:
        workers = [pool.submit(work_until, is_over.is_set) for _ in range(WORKERS)]
        try:
            wait_until(lambda: Handover.objects.filter(settled_at=None).exists())
            send_of_another()
            wait_until(Attempt.objects.exists)
            assert SandboxMessage.objects.get().to == "person100@example.com"
            assert Attempt.objects.count() == 1, "a slow call has ended"
            assert Handover.objects.filter(settled_at=None).count() == 1
            open_gate.set()
            wait_until(lambda: _make_all_due() and Attempt.objects.filter(state="sent").count() == SLOW_SENDS + 1)
        finally:
            is_over.set()
            open_gate.set()
        for worker in workers:
            worker.result(LIMIT_SECONDS)
    assert not Batch.objects.exclude(state="done").exists()


@pytest.mark.django_db(transaction=True)
def test_batches_that_gave_way_to_a_first_call_leave_once_it_was_fast(
    slow_sends: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_PAUSE", timedelta(hours=1))
    monkeypatch.setattr(slots, "SLOW_SECONDS", LIMIT_SECONDS)
    is_over = Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work_until, is_over.is_set)
        try:
            wait_until(lambda: Handover.objects.filter(settled_at=None).exists())
            assert not dispatch_lane("urgent", database_now)  # each of the others gives way
            assert Batch.objects.filter(last_error__startswith="Waits for a worker").count() == SLOW_SENDS - 1
            assert not Batch.objects.due(database_now()).exists()
            open_gate.set()
            wait_until(lambda: Attempt.objects.filter(state="sent").count() == SLOW_SENDS)
        finally:
            is_over.set()
            open_gate.set()
        first.result(LIMIT_SECONDS)


def _make_all_due() -> bool:
    Batch.objects.filter(state="waiting", lease_expires_at=None).update(due_at=database_now())
    return True


@pytest.mark.parametrize(
    ("workers", "shares"), [(0, [1, 1, 1]), (1, [1, 1, 1]), (2, [1, 1, 1]), (4, [1, 2, 3]), (8, [2, 4, 6])]
)
def test_shares_grow_with_the_workers(workers: int, shares: list[int]) -> None:
    """An account's, an organisation's, and that of all slow calls."""
    wanted = list(slots._wanted(uuid4(), [uuid4()], workers, is_slow=True))
    assert [count for _, count in wanted] == shares


def take_a_slot() -> bool:
    """Take and give back the only slot of an organisation. Return whether it was free."""
    held: list[int] = []
    try:
        return slots._take_all([("organization test", 1)], WORKERS, held)
    finally:
        slots._give_back(held)


@pytest.mark.django_db(transaction=True)
def test_a_slot_is_held_by_one_session() -> None:
    held: list[int] = []
    assert slots._take_all([("organization test", 1)], WORKERS, held)
    assert run_together([take_a_slot]) == [False]
    slots._give_back(held)
    assert run_together([take_a_slot]) == [True]


@pytest.mark.django_db(transaction=True)
def test_a_frozen_worker_keeps_its_slot_for_a_lease_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    assert slots._take_all([("organization test", 1), ("slow", 1)], WORKERS, held)
    assert run_together([take_a_slot]) == [False], "its lease has not ended"
    monkeypatch.setattr(slots, "_SILENCE", timedelta(0))
    assert run_together([take_a_slot]) == [True]
    slots._give_back(held)
