from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.events import EventKind
from distributor.rules.journey.delivery_events import MEANINGS, Progress, Trouble, meaning_of
from distributor.rules.journey.outcomes import (
    certainly_nothing_left,
    ending_of,
    ending_of_last_step,
    failure_reason,
    first_at,
    is_delivered,
    reached_at,
)
from distributor.rules.journey.retry import Ending

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class FakeAttempt:
    state: str
    trouble: int = Trouble.NONE
    step_id: UUID = FIRST
    begun_at: datetime = NOW
    progress: int = Progress.NONE


attempt_lists = st.lists(
    st.builds(
        FakeAttempt,
        state=st.sampled_from(["sent", "failed", "unknown"]),
        trouble=st.sampled_from(list(Trouble)),
        step_id=st.sampled_from([FIRST, SECOND]),
        begun_at=st.sampled_from([NOW, NOW + timedelta(hours=1)]),
    ),
    min_size=1,
    max_size=4,
)


def test_every_kind_has_a_meaning_and_no_other_does() -> None:
    assert set(MEANINGS) == set(EventKind)


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_suppression_has_a_reason_that_exists(kind: EventKind) -> None:
    assert meaning_of(kind).bounces == (kind == EventKind.HARD_BOUNCED)


@pytest.mark.parametrize("kind", list(EventKind))
def test_events_by_a_machine_prove_delivery_at_most(kind: EventKind) -> None:
    assert meaning_of(kind, is_machine=True).progress <= Progress.DELIVERED


def test_failures_are_what_comes_after_a_complaint() -> None:
    assert [trouble for trouble in Trouble if trouble.is_failure] == [
        Trouble.UNDELIVERED,
        Trouble.BOUNCED,
        Trouble.DROPPED,
    ]


@pytest.mark.parametrize(
    ("attempts", "ending"),
    [
        ([FakeAttempt("sent")], Ending.SENT),
        ([FakeAttempt("sent", Trouble.COMPLAINED)], Ending.SENT),
        ([FakeAttempt("sent", Trouble.BOUNCED)], Ending.FAILED),
        ([FakeAttempt("failed")], Ending.FAILED),
        ([FakeAttempt("unknown")], Ending.INDETERMINATE),
        ([FakeAttempt("unknown"), FakeAttempt("failed")], Ending.INDETERMINATE),
        ([FakeAttempt("sent", Trouble.BOUNCED), FakeAttempt("unknown")], Ending.INDETERMINATE),
        ([FakeAttempt("sent", Trouble.BOUNCED), FakeAttempt("sent")], Ending.SENT),
    ],
)
def test_how_a_journey_ends_by_its_attempts(attempts: list[FakeAttempt], ending: Ending) -> None:
    for order in permutations(attempts):
        assert ending_of(order) is ending


@pytest.mark.parametrize(
    ("attempts", "ending"),
    [
        ([FakeAttempt("sent")], Ending.SENT),
        ([FakeAttempt("sent"), FakeAttempt("failed")], Ending.SENT),
        ([FakeAttempt("sent", Trouble.BOUNCED)], Ending.FAILED),
        ([FakeAttempt("failed", Trouble.DROPPED)], Ending.FAILED),
        ([FakeAttempt("unknown")], None),
        ([FakeAttempt("failed")], None),
        ([FakeAttempt("sent", Trouble.BOUNCED), FakeAttempt("failed")], None),
        ([FakeAttempt("sent"), FakeAttempt("failed", step_id=SECOND)], None),
    ],
)
def test_a_step_ends_when_events_say_so(attempts: list[FakeAttempt], ending: Ending | None) -> None:
    assert ending_of_last_step(attempts) is ending


@given(attempt_lists)
def test_a_journey_has_a_reached_time_if_it_ends_as_sent(attempts: list[FakeAttempt]) -> None:
    assert (reached_at(attempts) is not None) == (ending_of(attempts) is Ending.SENT)


def test_a_steps_first_message_is_the_first_that_may_have_arrived() -> None:
    later, last = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    attempts = [
        FakeAttempt("failed"),
        FakeAttempt("unknown", begun_at=later),
        FakeAttempt("sent", begun_at=last),
        FakeAttempt("sent", step_id=SECOND),
    ]
    assert first_at(attempts, FIRST) == later
    assert first_at([FakeAttempt("sent", Trouble.BOUNCED)], FIRST) is None


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [
        (FakeAttempt("sent", progress=Progress.SENT), False),
        (FakeAttempt("sent", progress=Progress.DELIVERED), True),
        (FakeAttempt("sent", progress=Progress.CLICKED), True),
        (FakeAttempt("sent", Trouble.BOUNCED, progress=Progress.DELIVERED), False),
    ],
)
def test_a_delivered_message_that_bounces_is_not_delivered(attempt: FakeAttempt, expected: bool) -> None:
    assert is_delivered([FakeAttempt("failed"), attempt]) is expected


@given(attempt_lists)
def test_a_journey_of_which_nothing_left_has_failed(attempts: list[FakeAttempt]) -> None:
    if certainly_nothing_left(attempts):
        assert ending_of(attempts) is Ending.FAILED


@pytest.mark.parametrize(
    ("troubles", "reason"),
    [
        ([], ""),
        ([Trouble.DELAYED, Trouble.COMPLAINED], ""),
        ([Trouble.UNDELIVERED], "undelivered"),
        ([Trouble.BOUNCED, Trouble.UNDELIVERED, Trouble.NONE], "bounced"),
        ([Trouble.DROPPED, Trouble.BOUNCED], "dropped"),
    ],
)
def test_the_gravest_failure_is_the_reason(troubles: list[Trouble], reason: str) -> None:
    assert failure_reason(troubles) == reason
