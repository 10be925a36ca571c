"""Thirty days in a few seconds: every message is judged, and at the end every recipient is accounted for."""

import pytest

from tests.simulation.run import simulate

KINDS = ("invitation messages", "reminder messages", "thanks messages", "links_opened")


@pytest.mark.django_db(transaction=True)
def test_no_rule_is_broken_in_a_month() -> None:
    outcome = simulate(3_000, seed=1, tenants=6, liveliness=4)
    assert outcome.faults[:20] == []
    # Everything that can go wrong did go wrong in this month.
    for name in (
        "accepted",
        "transient",
        "permanent",
        "throttled",
        "unknown",
        "events",
        "responses",
        "skipped",
        *KINDS,
    ):
        assert outcome.counts[name] > 0, name
