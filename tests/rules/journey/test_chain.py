from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.rules.journey.chain import Passage, StepKind, StopsOn, fallbacks_are_over, next_step, step_order
from distributor.rules.journey.retry import Ending
from distributor.rules.requests import DistributionRequest, StepRequest

FIRST_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LAST_AT = FIRST_AT + timedelta(minutes=15)
NOW = FIRST_AT + timedelta(minutes=16)
DAY = 24 * 60
ANYWHERE = frozenset({"email", "sms", "whatsapp"})


@dataclass(frozen=True)
class FakeStep:
    position: int
    kind: StepKind
    channel: str
    fallback_delay_minutes: int | None = None
    delay_minutes: int | None = None
    scheduled_at: datetime | None = None

    @property
    def id(self) -> UUID:
        return UUID(int=self.position)


EMAIL = FakeStep(0, StepKind.INVITATION, "email", 60)
SMS = FakeStep(1, StepKind.INVITATION, "sms")
WHATSAPP = FakeStep(2, StepKind.INVITATION, "whatsapp")
FIRST_REMINDER = FakeStep(3, StepKind.REMINDER, "email", delay_minutes=DAY)
SECOND_REMINDER = FakeStep(4, StepKind.REMINDER, "sms", delay_minutes=3 * DAY)
THANKS = FakeStep(5, StepKind.THANK_YOU, "email", delay_minutes=0)
OTHER_THANKS = FakeStep(6, StepKind.THANK_YOU, "sms", delay_minutes=0)
STEPS = [EMAIL, SMS, WHATSAPP, FIRST_REMINDER, SECOND_REMINDER, THANKS, OTHER_THANKS]
SENT = Passage(Ending.SENT, FIRST_AT, FIRST_AT, LAST_AT)
FAILED = Passage(Ending.FAILED, None, FIRST_AT, LAST_AT)
INDETERMINATE = Passage(Ending.INDETERMINATE, None, FIRST_AT, LAST_AT)
SENT_BEFORE = replace(FAILED, reached_at=FIRST_AT)
IN_AN_HOUR = FIRST_AT + timedelta(hours=1)
TOMORROW = LAST_AT + timedelta(days=1)


def after(step: FakeStep, passage: Passage, **given: Any) -> tuple[FakeStep, datetime] | None:
    known = {"is_multi": True, "reachable": ANYWHERE, "now": NOW, **given}
    return next_step(STEPS, step, passage, **known)


@pytest.mark.parametrize(
    ("step", "passage", "expected"),
    [
        (EMAIL, SENT, (SMS, IN_AN_HOUR)),  # counted from its first hand-over
        (EMAIL, INDETERMINATE, (SMS, IN_AN_HOUR)),
        (EMAIL, FAILED, (SMS, NOW)),
        (SMS, SENT, (FIRST_REMINDER, TOMORROW)),  # without a delay only a failure brings WhatsApp
        (SMS, SENT_BEFORE, (WHATSAPP, NOW)),
        (SMS, INDETERMINATE, None),
        (WHATSAPP, SENT_BEFORE, (FIRST_REMINDER, TOMORROW)),
        (WHATSAPP, FAILED, None),
        (FIRST_REMINDER, SENT, (SECOND_REMINDER, LAST_AT + timedelta(days=3))),
        (FIRST_REMINDER, SENT_BEFORE, (SECOND_REMINDER, LAST_AT + timedelta(days=3))),
        (SECOND_REMINDER, SENT, None),
        (THANKS, SENT, None),
        (THANKS, SENT_BEFORE, (OTHER_THANKS, NOW)),
        (OTHER_THANKS, SENT_BEFORE, None),
    ],
)
def test_what_follows_in_multi_mode(
    step: FakeStep, passage: Passage, expected: tuple[FakeStep, datetime] | None
) -> None:
    assert after(step, passage) == expected


@pytest.mark.parametrize(
    ("step", "passage", "expected"),
    [
        (EMAIL, SENT, (FIRST_REMINDER, TOMORROW)),
        (EMAIL, INDETERMINATE, None),
        (EMAIL, FAILED, None),
        (FIRST_REMINDER, SENT, (SECOND_REMINDER, LAST_AT + timedelta(days=3))),
        (FIRST_REMINDER, FAILED, None),
    ],
)
def test_what_follows_in_single_mode(
    step: FakeStep, passage: Passage, expected: tuple[FakeStep, datetime] | None
) -> None:
    assert after(step, passage, is_multi=False) == expected


def test_channels_that_cannot_be_used_are_skipped_at_once() -> None:
    assert after(EMAIL, FAILED, reachable={"whatsapp"}) == (WHATSAPP, NOW)
    assert after(SMS, SENT, reachable={"sms"}) == (SECOND_REMINDER, LAST_AT + timedelta(days=3))
    assert after(EMAIL, FAILED, reachable=()) is None


def test_an_overdue_step_leaves_now() -> None:
    late = FIRST_AT + timedelta(days=30)
    assert after(EMAIL, SENT, now=late) == (SMS, late)
    assert after(WHATSAPP, SENT, now=late) == (FIRST_REMINDER, late)


def test_the_stop_condition_ends_fallbacks_but_not_reminders() -> None:
    assert after(EMAIL, replace(SENT, are_fallbacks_over=True)) == (FIRST_REMINDER, TOMORROW)
    assert after(SMS, replace(SENT_BEFORE, are_fallbacks_over=True)) == (FIRST_REMINDER, TOMORROW)


def test_a_message_that_bounced_after_it_was_opened_does_not_end_the_fallbacks() -> None:
    assert after(EMAIL, replace(FAILED, are_fallbacks_over=True)) == (SMS, NOW)


def test_the_chain_continues_after_a_reminder_if_nothing_arrived_after_all() -> None:
    tried = {EMAIL.id, FIRST_REMINDER.id}
    assert after(FIRST_REMINDER, replace(FAILED, tried=tried)) == (SMS, NOW)
    assert after(FIRST_REMINDER, replace(FAILED, tried={*tried, SMS.id, WHATSAPP.id})) is None


def test_no_step_is_tried_again_once_another_has_followed() -> None:
    passage = replace(SENT, tried={EMAIL.id, SMS.id, FIRST_REMINDER.id})
    assert after(WHATSAPP, passage) == (SECOND_REMINDER, LAST_AT + timedelta(days=3))


@given(
    st.sampled_from(STEPS),
    st.builds(
        Passage,
        ending=st.sampled_from(list(Ending)),
        reached_at=st.sampled_from([None, FIRST_AT]),
        first_at=st.just(FIRST_AT),
        last_at=st.just(LAST_AT),
        tried=st.sets(st.sampled_from([step.id for step in STEPS])),
        are_fallbacks_over=st.booleans(),
    ),
    st.booleans(),
    st.sets(st.sampled_from(sorted(ANYWHERE))),
)
def test_the_next_step_is_untried_reachable_and_not_in_the_past(
    step: FakeStep, passage: Passage, is_multi: bool, reachable: set[str]
) -> None:
    following = after(step, passage, is_multi=is_multi, reachable=reachable)
    if following is None:
        return
    chosen, due_at = following
    assert chosen.channel in reachable
    assert chosen.id not in {*passage.tried, step.id}
    assert due_at >= NOW
    assert (chosen.kind is StepKind.THANK_YOU) == (step.kind is StepKind.THANK_YOU)
    assert chosen.kind is not StepKind.REMINDER or passage.has_reached
    assert chosen.kind is not StepKind.INVITATION or is_multi


def test_steps_are_ordered_by_kind_and_then_by_priority() -> None:
    asked = [(StepKind.THANK_YOU, 1), (StepKind.REMINDER, 2), (StepKind.INVITATION, 9), (StepKind.REMINDER, 1)]
    assert sorted(asked, key=lambda kind_and_priority: step_order(*kind_and_priority)) == [
        asked[2],
        asked[3],
        asked[1],
        asked[0],
    ]


@pytest.mark.parametrize(
    ("stops_on", "opened", "delivered"),
    [(StopsOn.RESPONSE, False, False), (StopsOn.OPENED, True, False), (StopsOn.DELIVERED, True, True)],
)
def test_stop_conditions(stops_on: StopsOn, opened: bool, delivered: bool) -> None:
    assert fallbacks_are_over(stops_on, is_opened=True, is_delivered=False) is opened
    assert fallbacks_are_over(stops_on, is_opened=False, is_delivered=True) is delivered
    assert not fallbacks_are_over(stops_on, is_opened=False, is_delivered=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": StepKind.REMINDER},
        {"kind": StepKind.REMINDER, "delay_minutes": 0},
        {"kind": StepKind.REMINDER, "delay_minutes": 5, "fallback_delay_minutes": 5},
        {"kind": StepKind.THANK_YOU},
        {"delay_minutes": 5},
    ],
)
def test_contradictory_delays_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"delay|fallback"):
        StepRequest("email", UUID(int=1), UUID(int=2), **wrong)


def test_a_request_needs_an_invitation() -> None:
    reminder = StepRequest("email", UUID(int=1), UUID(int=2), kind=StepKind.REMINDER, delay_minutes=5)
    with pytest.raises(ValueError, match="invitation"):
        DistributionRequest(source="test", survey_id=UUID(int=3), contacts=[], steps=[reminder])
