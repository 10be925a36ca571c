"""A real backup and restore in mid-campaign: nobody is sent to twice, and the operator sees what was forgotten.

`restore_in_mid_campaign` is a function, so that other suites can call it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from distributor.engine.acceptance.accept import Accepted
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.status import read_memory_status, release
from distributor.models import Attempt, Recipient
from tests.engine.conftest import Send
from tests.support.engine.people import given, make_due, totals_of
from tests.support.engine.restores import back_up, restart_worker, restore, work
from tests.support.standins.resend import ResendStandIn

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, BETWEEN, LOST, AFTER = range(4), range(4, 10), range(10, 13), range(13, 16)


def people(numbers: range) -> list[object]:
    return [given(number) for number in numbers]


def restore_in_mid_campaign(folder: Path, accept: Callable[[range], Accepted]) -> tuple[Accepted, Accepted, Accepted]:
    """Send, back up, send on, restore, and let a worker work. `accept` accepts a distribution to these people.

    BEFORE the backup some are sent to, BETWEEN it and the restore others who had been accepted before it, and others
    who were accepted after it: LOST. AFTER it more are accepted, before a worker has looked. Returns three of the four.
    """
    before = accept(BEFORE)
    work()
    between = accept(BETWEEN)
    back_up(folder / "backup")
    accept(LOST)
    work()
    restore(folder / "backup")
    restart_worker()
    after = accept(AFTER)
    work()
    return before, between, after


def finish() -> None:
    """Release, and do all that is due until nothing changes."""
    assert release(database_now(), by="a test")
    for _ in range(3):
        make_due()
        work()


def test_a_restore_doubles_nothing_where_the_provider_takes_keys(
    send: Send, peer: ResendStandIn, tmp_path: Path
) -> None:
    before, between, after = restore_in_mid_campaign(tmp_path, lambda numbers: send(people(numbers)))
    status = read_memory_status(database_now())
    assert status.recovering_since is not None
    counts = {"handovers": 2, "written_back": 6, "to_repeat": 6, "unknown_recipients": 3, "noes": 0}
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
