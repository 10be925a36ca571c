from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import Reason
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.links import PAGE_STATUS, LinkState, add_code_to_url, link_state

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
STATES = [state.value for state in RecipientState]
REASONS = sorted({"", "erased", *(reason.value for reason in (*Reason, *StopReason))})
ENDS = [None, NOW - timedelta(days=1), NOW, NOW + TICK, NOW + timedelta(days=1)]
PASSED = [NOW - timedelta(days=1), NOW]
TO_COME = [None, NOW + TICK, NOW + timedelta(days=1)]
CANCELLED = (RecipientState.STOPPED.value, StopReason.CANCELLED.value)
NOT_CANCELLED = [pair for pair in product(STATES, REASONS) if pair != CANCELLED]


def state_of(
    state: str,
    reason: str,
    responded_at: datetime | None,
    expires_at: datetime | None,
    cancelled_at: datetime | None = None,
) -> LinkState:
    return link_state(
        state=state,
        reason=reason,
        responded_at=responded_at,
        cancelled_at=cancelled_at,
        expires_at=expires_at,
        now=NOW,
    )


@pytest.mark.parametrize(("state", "reason", "expires_at"), list(product(STATES, REASONS, ENDS)))
def test_an_answered_link_is_used_whatever_came_after(state: str, reason: str, expires_at: datetime | None) -> None:
    assert state_of(state, reason, NOW - timedelta(hours=1), expires_at) is LinkState.USED


@pytest.mark.parametrize("expires_at", ENDS)
def test_a_cancelled_journey_takes_its_unanswered_link_with_it(expires_at: datetime | None) -> None:
    assert state_of(*CANCELLED, None, expires_at) is LinkState.CANCELLED


@pytest.mark.parametrize(("state", "reason", "expires_at"), list(product(STATES, REASONS, ENDS)))
def test_a_cancelled_distribution_takes_every_unanswered_link_with_it(
    state: str, reason: str, expires_at: datetime | None
) -> None:
    assert state_of(state, reason, None, expires_at, cancelled_at=NOW) is LinkState.CANCELLED
    assert state_of(state, reason, NOW, expires_at, cancelled_at=NOW) is LinkState.USED


@pytest.mark.parametrize(("journey", "expires_at"), list(product(NOT_CANCELLED, PASSED)))
def test_an_unanswered_link_expires_at_its_distributions_end(journey: tuple[str, str], expires_at: datetime) -> None:
    assert state_of(*journey, None, expires_at) is LinkState.EXPIRED


@pytest.mark.parametrize(("journey", "expires_at"), list(product(NOT_CANCELLED, TO_COME)))
def test_any_other_link_is_open(journey: tuple[str, str], expires_at: datetime | None) -> None:
    assert state_of(*journey, None, expires_at) is LinkState.OPEN


def test_every_state_has_a_status() -> None:
    assert {state: int(status) for state, status in PAGE_STATUS.items()} == {
        LinkState.OPEN: 200,
        LinkState.USED: 410,
        LinkState.EXPIRED: 410,
        LinkState.CANCELLED: 410,
    }


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://s.example/x", "https://s.example/x?code=Abc"),
        ("https://s.example", "https://s.example?code=Abc"),
        ("https://s.example/x?a=1&b=%20", "https://s.example/x?a=1&b=%20&code=Abc"),
        ("https://s.example/x?a=1#part", "https://s.example/x?a=1&code=Abc#part"),
        ("https://s.example:8443/#/form", "https://s.example:8443/?code=Abc#/form"),
    ],
)
def test_the_code_joins_what_a_target_asks_for_already(target: str, expected: str) -> None:
    assert add_code_to_url(target, "Abc") == expected
