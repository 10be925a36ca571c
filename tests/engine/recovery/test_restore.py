"""A real backup and restore in mid-campaign: nobody is sent to twice, and the operator sees what was forgotten.

What is played is a function, tests/support/engine/restores.py, so that other suites can call it.
"""

from pathlib import Path

import pytest

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.status import read_memory_status
from distributor.models import Attempt, Recipient
from tests.engine.conftest import Send
from tests.support.engine.people import totals_of
from tests.support.engine.restores import AFTER, BEFORE, BETWEEN, LOST, finish, people, restore_in_mid_campaign
from tests.support.standins.resend import ResendStandIn

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_restore_doubles_nothing_where_the_provider_takes_keys(
    send: Send, peer: ResendStandIn, tmp_path: Path
) -> None:
    before, between, after = restore_in_mid_campaign(tmp_path, lambda numbers: send(people(numbers)))
    status = read_memory_status(database_now())
    assert status.recovering_since is not None
    counts = {"handovers": 2, "written_back": 6, "to_repeat": 6, "unknown_recipients": 3, "noes": 0, "erasures": 0}
    assert status.findings["counts"] == counts
    assert len(peer.ledger.sent_to) == len(BEFORE) + len(BETWEEN) + len(LOST)
    assert totals_of(after) == {"waiting": 3}

    finish()
    assert peer.ledger.doubles == {}
    assert len(peer.ledger.sent_to) == AFTER.stop
    assert totals_of(before) == {"sent": 4}
    assert totals_of(between) == {"sent": 6}
    assert totals_of(after) == {"sent": 3}
    # Those who got a forgotten recipient's id have another attempt, and so another key.
    collided = Recipient.objects.filter(distribution_id=after.distribution.id)
    assert {attempt.number for attempt in Attempt.objects.filter(recipient_id__in=collided.values("id"))} == {2}


def test_a_restore_doubles_nothing_where_it_takes_none(send: Send, ledger: dict[str, int], tmp_path: Path) -> None:
    before, between, after = restore_in_mid_campaign(tmp_path, lambda numbers: send(people(numbers)))
    finish()
    assert set(ledger.values()) == {1}
    assert len(ledger) == AFTER.stop
    assert totals_of(before) == {"sent": 4}
    assert totals_of(between) == {"indeterminate": 6}
    assert totals_of(after) == {"sent": 3}
