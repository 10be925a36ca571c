"""Scheduled steps: whom they concern, what they come before, and where the chain continues after them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributor.rules.journey.chain import Passage, StepKind, next_step, next_thank_you, resume_chain
from distributor.rules.journey.delivery_events import Trouble
from distributor.rules.journey.interruptions import IdleJourney, interrupts
from distributor.rules.journey.retry import Ending

DAY = timedelta(days=1)
BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW = BEGIN + DAY
ANYWHERE = frozenset({"email", "sms"})


@dataclass(frozen=True)
class FakeStep:
    position: int
    kind: StepKind
    channel: str = "email"
    fallback_delay_minutes: int | None = None
    delay_minutes: int | None = None
    scheduled_at: datetime | None = None

    @property
    def id(self) -> UUID:
        return UUID(int=self.position)


@dataclass(frozen=True)
class FakeAttempt:
    step_id: UUID
    begun_at: datetime
    state: str = "sent"
    progress: int = 0
    trouble: int = Trouble.NONE


def on_day(days: float) -> datetime:
    return BEGIN + days * DAY


EMAIL = FakeStep(0, StepKind.INVITATION, "email", fallback_delay_minutes=5 * 24 * 60)
SMS = FakeStep(1, StepKind.INVITATION, "sms")
OWN_REMINDER = FakeStep(2, StepKind.REMINDER, "email", delay_minutes=3 * 24 * 60)
OWN_THANKS = FakeStep(3, StepKind.THANK_YOU, "email", delay_minutes=24 * 60)
ADDED = FakeStep(4, StepKind.REMINDER, "email", scheduled_at=on_day(2))
ADDED_LATER = FakeStep(5, StepKind.REMINDER, "sms", scheduled_at=on_day(4))
ADDED_THANKS = FakeStep(6, StepKind.THANK_YOU, "email", scheduled_at=on_day(2))
STEPS = [EMAIL, SMS, OWN_REMINDER, OWN_THANKS, ADDED, ADDED_LATER, ADDED_THANKS]
INVITED = FakeAttempt(EMAIL.id, BEGIN)
OVER = IdleJourney(BEGIN, None, [INVITED])
ANSWERED = replace(OVER, responded_at=on_day(1))
UNREACHED = IdleJourney(None, None, [replace(INVITED, state="failed")])


def waiting(step: FakeStep, until: datetime, *attempts: FakeAttempt) -> IdleJourney:
    return IdleJourney(BEGIN, None, attempts or [INVITED], step, until)


def after(
    step: FakeStep, passage: Passage, attempts: Sequence[FakeAttempt], *, now: datetime = NOW, is_multi: bool = True
) -> tuple[FakeStep, datetime] | None:
    resumed, passed = resume_chain(STEPS, step, passage, attempts)
    return next_step(STEPS, resumed, passed, is_multi=is_multi, reachable=ANYWHERE, now=now)


@pytest.mark.parametrize(
    ("step", "pause", "expected"),
    [
        (ADDED, OVER, True),
        (ADDED, replace(OVER, reached_at=on_day(2)), True),
        (ADDED, replace(OVER, reached_at=on_day(2.1)), False),  # invited after the moment
        (ADDED, ANSWERED, False),
        (ADDED, UNREACHED, False),
        (ADDED, replace(OVER, attempts=[INVITED, FakeAttempt(ADDED.id, on_day(2))]), False),  # sent already
        (ADDED, waiting(ADDED, on_day(9)), False),  # waiting for it already
        (ADDED, waiting(SMS, on_day(5)), True),
        (ADDED, waiting(SMS, on_day(2)), False),  # the fallback leaves first
        (
            ADDED,
            waiting(SMS, on_day(5), INVITED, FakeAttempt(SMS.id, on_day(1), "unknown")),
            False,
        ),  # between two attempts
        (ADDED_LATER, waiting(ADDED, on_day(2)), False),
        (ADDED, waiting(ADDED_LATER, on_day(4)), True),
        (ADDED_THANKS, ANSWERED, True),
        (ADDED_THANKS, replace(UNREACHED, responded_at=on_day(1), attempts=[]), True),  # the link came another way
        (ADDED_THANKS, OVER, False),
        (ADDED_THANKS, replace(OVER, responded_at=on_day(2.1)), False),
        (EMAIL, OVER, False),
        (OWN_REMINDER, OVER, False),
    ],
)
def test_which_journeys_a_scheduled_step_interrupts(step: FakeStep, pause: IdleJourney, expected: bool) -> None:
    assert interrupts(step, pause, NOW) is expected


def test_an_overdue_step_counts_as_due_now() -> None:
    late = on_day(5)
    assert interrupts(ADDED, waiting(ADDED_LATER, on_day(4)), late)
    assert interrupts(ADDED, waiting(SMS, on_day(6)), late)
    assert not interrupts(ADDED, waiting(SMS, on_day(5)), late)


SENT = Passage(Ending.SENT, BEGIN, BEGIN, BEGIN)


def test_a_scheduled_reminder_comes_before_a_fallback_that_is_due_later() -> None:
    assert after(EMAIL, SENT, []) == (ADDED, on_day(2))
    assert after(EMAIL, replace(SENT, tried={ADDED.id}), []) == (ADDED_LATER, on_day(4))
    assert after(EMAIL, replace(SENT, tried={ADDED.id, ADDED_LATER.id}), []) == (SMS, on_day(5))


def test_after_a_failure_the_next_channel_comes_first() -> None:
    assert after(EMAIL, Passage(Ending.FAILED, None, BEGIN, BEGIN), []) == (SMS, NOW)


def test_the_chain_continues_where_it_stopped() -> None:
    reminded = Passage(Ending.SENT, BEGIN, on_day(2), on_day(2), {EMAIL.id, ADDED_LATER.id})
    attempts = [INVITED, FakeAttempt(ADDED_LATER.id, on_day(1))]
    assert after(ADDED, reminded, attempts, now=on_day(2)) == (SMS, on_day(5))  # from the invitation's hand-over
    enough = replace(reminded, are_fallbacks_over=True)
    assert after(ADDED, enough, attempts, now=on_day(2)) == (OWN_REMINDER, on_day(5))  # from the last hand-over
    assert after(ADDED, reminded, attempts, now=on_day(2), is_multi=False) == (OWN_REMINDER, on_day(5))


@pytest.mark.parametrize("ending", list(Ending))
def test_the_chain_continues_however_the_reminder_ends(ending: Ending) -> None:
    passage = Passage(ending, BEGIN, on_day(2), on_day(2), {EMAIL.id})
    assert after(ADDED, passage, [INVITED], now=on_day(2)) == (ADDED_LATER, on_day(4))
    assert after(ADDED_LATER, replace(passage, tried={EMAIL.id, ADDED.id}), [INVITED], now=on_day(4)) == (
        SMS,
        on_day(5),
    )


def test_a_skipped_step_does_not_come_again() -> None:
    passage = Passage(Ending.SENT, BEGIN, on_day(4), on_day(4), {EMAIL.id, SMS.id, OWN_REMINDER.id})
    attempts = [INVITED, FakeAttempt(SMS.id, on_day(1)), FakeAttempt(OWN_REMINDER.id, on_day(3))]
    assert after(ADDED_LATER, passage, attempts, now=on_day(4)) is None


def test_one_delayed_thank_you_is_sent_and_every_scheduled_one() -> None:
    assert next_thank_you(STEPS, responded_at=on_day(0.5), reachable=ANYWHERE, now=NOW) == (OWN_THANKS, on_day(1.5))
    assert next_thank_you(STEPS, responded_at=on_day(1.5), reachable=ANYWHERE, now=NOW) == (ADDED_THANKS, on_day(2))
    assert next_thank_you(STEPS, responded_at=on_day(2.5), reachable=ANYWHERE, now=NOW) == (OWN_THANKS, on_day(3.5))
    assert next_thank_you(STEPS, responded_at=on_day(2.5), reachable={"sms"}, now=NOW) is None


def test_after_a_thank_you_the_others_follow() -> None:
    passage = Passage(Ending.SENT, BEGIN, on_day(2), on_day(2), responded_at=on_day(1.5))
    assert after(ADDED_THANKS, passage, []) == (OWN_THANKS, on_day(2.5))
    assert after(OWN_THANKS, passage, []) == (ADDED_THANKS, on_day(2))
    assert after(OWN_THANKS, replace(passage, tried={ADDED_THANKS.id}), []) is None


moments = st.integers(0, 10).map(on_day)
added = st.builds(
    FakeStep,
    position=st.integers(7, 12),
    kind=st.sampled_from([StepKind.REMINDER, StepKind.THANK_YOU]),
    channel=st.sampled_from(sorted(ANYWHERE)),
    scheduled_at=moments,
)


@given(st.lists(added, unique_by=lambda step: step.position, max_size=5), moments, moments)
def test_every_scheduled_step_that_concerns_a_recipient_comes_once_and_in_time(
    extra: list[FakeStep], reached_at: datetime, now: datetime
) -> None:
    steps = [EMAIL, SMS, OWN_REMINDER, *extra]
    now = max(now, reached_at)
    step, attempts = EMAIL, [FakeAttempt(EMAIL.id, reached_at)]
    while True:
        passage = Passage(
            Ending.SENT,
            reached_at,
            attempts[-1].begun_at,
            attempts[-1].begun_at,
            {attempt.step_id for attempt in attempts},
        )
        resumed, passed = resume_chain(steps, step, passage, attempts)
        following = next_step(steps, resumed, passed, is_multi=True, reachable=ANYWHERE, now=now)
        if following is None:
            break
        step, due_at = following
        assert due_at >= now
        assert interrupts(step, IdleJourney(reached_at, None, attempts), now) is (step.scheduled_at is not None)
        now = due_at
        attempts.append(FakeAttempt(step.id, now))
    sent = [attempt.step_id for attempt in attempts]
    concerned = {
        step.id
        for step in extra
        if step.kind is StepKind.REMINDER and step.scheduled_at and step.scheduled_at >= reached_at
    }
    assert len(set(sent)) == len(sent)
    assert set(sent) == {EMAIL.id, SMS.id, OWN_REMINDER.id} | concerned
