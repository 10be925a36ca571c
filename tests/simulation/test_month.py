"""Thirty days in a few seconds: every message is judged, and at the end every recipient is accounted for."""

from datetime import timedelta

import pytest

from tests.simulation.run import simulate

SIGNALS = ("complained_reported", "unsubscribed_reported", "stopped_reported", "refused_after_stop", "stops_texted")
NOES = (*SIGNALS, "opted_out_by_call", "unsubscribed", "erased")
KINDS = ("invitation messages", "reminder messages", "thanks messages", "links_opened")


@pytest.mark.django_db(transaction=True)
def test_no_rule_is_broken_in_a_month() -> None:
    away = {"away_for": timedelta(hours=1), "unreachable_for": timedelta(minutes=5)}
    outcome = simulate(3_000, seed=2, tenants=6, liveliness=4, **away)
    assert outcome.faults[:20] == []
    # Everything that can go wrong did go wrong in this month.
    wanted = (
        "accepted",
        "transient",
        "permanent",
        "throttled",
        "unknown",
        "events",
        "responses",
        "skipped",
        "messages tried while away",
        "slow e-mail taken",
        "duplicate_risks",
        *KINDS,
        *NOES,
    )
    assert [name for name in wanted if not outcome.counts.get(name)] == []
