from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.events import EventKind
from contacts.models.suppression import SuppressionReason
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
class Made:
    state: str
    trouble: int = Trouble.NONE
    step_id: UUID = FIRST
    begun_at: datetime = NOW
    progress: int = Progress.NONE


attempts = st.lists(
    st.builds(
        Made,
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
def test_what_suppresses_does_so_for_a_reason_that_there_is(kind: EventKind) -> None:
    assert meaning_of(kind).suppresses in ("", *SuppressionReason.values)


@pytest.mark.parametrize("kind", list(EventKind))
def test_a_machine_proves_delivery_at_most(kind: EventKind) -> None:
    assert meaning_of(kind, is_machine=True).progress <= Progress.DELIVERED


def test_failures_are_what_comes_after_a_complaint() -> None:
    assert [trouble for trouble in Trouble if trouble.is_failure] == [
        Trouble.UNDELIVERED,
        Trouble.BOUNCED,
        Trouble.DROPPED,
    ]


@pytest.mark.parametrize(
    ("made", "ending"),
    [
        ([Made("sent")], Ending.SENT),
        ([Made("sent", Trouble.COMPLAINED)], Ending.SENT),
        ([Made("sent", Trouble.BOUNCED)], Ending.FAILED),
        ([Made("failed")], Ending.FAILED),
        ([Made("unknown")], Ending.INDETERMINATE),
        ([Made("unknown"), Made("failed")], Ending.INDETERMINATE),
        ([Made("sent", Trouble.BOUNCED), Made("unknown")], Ending.INDETERMINATE),
        ([Made("sent", Trouble.BOUNCED), Made("sent")], Ending.SENT),
    ],
)
def test_a_journey_ends_as_its_tries_say(made: list[Made], ending: Ending) -> None:
    for order in permutations(made):
        assert ending_of(order) is ending


@pytest.mark.parametrize(
    ("made", "ending"),
    [
        ([Made("sent")], Ending.SENT),
        ([Made("sent"), Made("failed")], Ending.SENT),
        ([Made("sent", Trouble.BOUNCED)], Ending.FAILED),
        ([Made("failed", Trouble.DROPPED)], Ending.FAILED),
        ([Made("unknown")], None),
        ([Made("failed")], None),
        ([Made("sent", Trouble.BOUNCED), Made("failed")], None),
        ([Made("sent"), Made("failed", step_id=SECOND)], None),
    ],
)
def test_a_step_ends_when_events_say_so(made: list[Made], ending: Ending | None) -> None:
    assert ending_of_last_step(made) is ending


@given(attempts)
def test_who_was_reached_was_so_at_a_moment_and_nobody_else(made: list[Made]) -> None:
    assert (reached_at(made) is not None) == (ending_of(made) is Ending.SENT)


def test_a_steps_first_message_is_the_first_that_may_have_arrived() -> None:
    later, last = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    made = [Made("failed"), Made("unknown", begun_at=later), Made("sent", begun_at=last), Made("sent", step_id=SECOND)]
    assert first_at(made, FIRST) == later
    assert first_at([Made("sent", Trouble.BOUNCED)], FIRST) is None


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Made("sent", progress=Progress.SENT), False),
        (Made("sent", progress=Progress.DELIVERED), True),
        (Made("sent", progress=Progress.CLICKED), True),
        (Made("sent", Trouble.BOUNCED, progress=Progress.DELIVERED), False),
    ],
)
def test_what_is_delivered_and_bounces_is_not_delivered(made: Made, expected: bool) -> None:
    assert is_delivered([Made("failed"), made]) is expected


@given(attempts)
def test_where_certainly_nothing_left_the_journey_failed(made: list[Made]) -> None:
    if certainly_nothing_left(made):
        assert ending_of(made) is Ending.FAILED


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
def test_the_graver_failure_is_the_reason(troubles: list[Trouble], reason: str) -> None:
    assert failure_reason(troubles) == reason
