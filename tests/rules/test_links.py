from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from distributor.models.recipient import RecipientState
from distributor.rules.eligibility import Reason
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.links import PAGE_STATUS, LinkState, add_code_to_url, link_state

NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
A_DAY: Final = timedelta(days=1)
CANCELLED: Final = ("stopped", "cancelled")
WAITING: Final = ("waiting", "")
# Journeys by state and reason: one for each state, and one for each reason of stopping.
JOURNEYS: Final = [
    WAITING,
    ("registered", ""),
    ("finished", ""),
    ("finished", "bounced"),
    ("finished", "cancelled"),  # only a stopped journey was cancelled
]
STOPPED: Final = [
    ("stopped", reason) for reason in sorted({*Reason, *StopReason, "erased"}) if reason != StopReason.CANCELLED
]
EXPIRED: Final = [NOW - A_DAY, NOW]
NOT_EXPIRED: Final = [None, NOW + TICK, NOW + A_DAY]


def state_of(
    journey: tuple[str, str],
    responded_at: datetime | None = None,
    expires_at: datetime | None = None,
    cancelled_at: datetime | None = None,
    *,
    is_for_one_response: bool = True,
) -> LinkState:
    state, reason = journey
    return link_state(
        state=state,
        reason=reason,
        responded_at=responded_at,
        cancelled_at=cancelled_at,
        expires_at=expires_at,
        now=NOW,
        is_for_one_response=is_for_one_response,
    )


def test_every_state_of_a_recipient_is_represented() -> None:
    assert {state for state, _reason in (*JOURNEYS, *STOPPED)} == set(RecipientState)


@pytest.mark.parametrize("journey", [*JOURNEYS, CANCELLED, ("stopped", "expired")])
def test_an_answered_link_is_used_whatever_the_journey_came_to(journey: tuple[str, str]) -> None:
    assert state_of(journey, NOW - A_DAY) is LinkState.USED


@pytest.mark.parametrize("expires_at", [*EXPIRED, *NOT_EXPIRED])
def test_an_answered_link_is_used_whenever_it_expires(expires_at: datetime | None) -> None:
    assert state_of(WAITING, NOW - A_DAY, expires_at) is LinkState.USED
    assert state_of(CANCELLED, NOW - A_DAY, expires_at, cancelled_at=NOW) is LinkState.USED


def test_a_link_for_several_responses_is_not_used_up() -> None:
    assert state_of(WAITING, NOW - A_DAY, is_for_one_response=False) is LinkState.OPEN
    assert state_of(WAITING, NOW - A_DAY, NOW, is_for_one_response=False) is LinkState.EXPIRED
    assert state_of(CANCELLED, NOW - A_DAY, is_for_one_response=False) is LinkState.CANCELLED


@pytest.mark.parametrize("expires_at", [*EXPIRED, *NOT_EXPIRED])
def test_a_cancelled_journey_cancels_its_link(expires_at: datetime | None) -> None:
    assert state_of(CANCELLED, None, expires_at) is LinkState.CANCELLED


@pytest.mark.parametrize("journey", [*JOURNEYS, CANCELLED, ("stopped", "opted_out")])
@pytest.mark.parametrize("expires_at", [NOW, None])
def test_a_cancelled_distribution_cancels_every_unanswered_link(
    journey: tuple[str, str], expires_at: datetime | None
) -> None:
    assert state_of(journey, None, expires_at, cancelled_at=NOW) is LinkState.CANCELLED
    assert state_of(journey, NOW, expires_at, cancelled_at=NOW) is LinkState.USED


@pytest.mark.parametrize("journey", [*JOURNEYS, *STOPPED])
def test_no_other_end_of_a_journey_closes_its_link_before_it_expires(journey: tuple[str, str]) -> None:
    assert state_of(journey) is LinkState.OPEN
    assert state_of(journey, expires_at=NOW) is LinkState.EXPIRED


@pytest.mark.parametrize("expires_at", EXPIRED)
def test_an_unanswered_link_expires_at_its_distributions_end(expires_at: datetime) -> None:
    assert state_of(WAITING, None, expires_at) is LinkState.EXPIRED


@pytest.mark.parametrize("expires_at", NOT_EXPIRED)
def test_an_unanswered_link_is_open_before_the_end(expires_at: datetime | None) -> None:
    assert state_of(WAITING, None, expires_at) is LinkState.OPEN


def test_every_link_state_has_a_status() -> None:
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
def test_the_code_is_added_to_the_targets_query(target: str, expected: str) -> None:
    assert add_code_to_url(target, "Abc") == expected
