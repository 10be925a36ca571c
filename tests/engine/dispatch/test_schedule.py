"""Schedules: the distribution's moment and the recipient's own, the last moment, the end, and links without a send."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.models import SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.control import pause, reschedule, resume
from distributor.engine.responses.links import find_link
from distributor.engine.responses.record import LinkNotOpenError, record_response
from distributor.models import Batch, Decision, Distribution, Touch
from distributor.rules.links import LinkState
from distributor.rules.requests import RecipientOptions, Throttle
from tests.engine.conftest import Send
from tests.support.engine.people import dispatch_at, given, timeline_of, totals_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def test_each_leaves_at_its_own_moment_and_the_rest_with_the_distribution(send: Send) -> None:
    whens = (NOW + 2 * HOUR, None, NOW - HOUR)
    accepted = send(3, at=NOW, scheduled_at=NOW + HOUR, options=[RecipientOptions(when=when) for when in whens])
    assert [timeline_of(accepted, place).due_at for place in range(3)] == [NOW + 2 * HOUR, NOW + HOUR, NOW + HOUR]
    for moment, sent in ((NOW + HOUR - SECOND, 0), (NOW + HOUR, 2), (NOW + 2 * HOUR - SECOND, 2), (NOW + 2 * HOUR, 3)):
        dispatch_at(moment)
        assert SandboxMessage.objects.count() == sent


def test_those_with_the_same_moment_share_a_batch(send: Send) -> None:
    # 50 people, each a tenth of a second later: rounded up, five full seconds and the very moment.
    whens = [NOW + HOUR + number * SECOND / 10 for number in range(50)]
    send(50, at=NOW, options=[RecipientOptions(when=when) for when in whens])
    sizes = dict(Batch.objects.values_list("due_at", "size"))
    assert sizes == {NOW + HOUR: 1, **{NOW + HOUR + n * SECOND: 10 for n in range(1, 5)}, NOW + HOUR + 5 * SECOND: 9}


def test_a_moment_of_ones_own_stays_when_the_distribution_is_moved(send: Send) -> None:
    options = [RecipientOptions(when=NOW + 5 * HOUR), RecipientOptions()]
    accepted = send(2, at=NOW, scheduled_at=NOW + 4 * HOUR, options=options)
    reschedule(accepted.distribution.id, NOW + HOUR, NOW)
    assert [timeline_of(accepted, place).due_at for place in range(2)] == [NOW + 5 * HOUR, NOW + HOUR]
    reschedule(accepted.distribution.id, NOW + 6 * HOUR, NOW)
    assert [timeline_of(accepted, place).due_at for place in range(2)] == [NOW + 6 * HOUR] * 2


def test_a_moment_of_ones_own_after_the_last_moment_is_too_late(send: Send) -> None:
    options = [RecipientOptions(when=NOW + HOUR), RecipientOptions(when=NOW + HOUR + SECOND)]
    accepted = send(2, at=NOW, not_after=NOW + HOUR, options=options)
    assert totals_of(accepted) == {"waiting": 1, "skipped": 1}
    assert accepted.skipped[0].refusal.reason == "too_late"
    dispatch_at(NOW + HOUR)
    assert totals_of(accepted) == {"sent": 1, "skipped": 1}


@pytest.mark.parametrize(("late_by", "total"), [(timedelta(0), "sent"), (SECOND, "stopped")])
def test_the_last_moment_itself_is_in_time(send: Send, late_by: timedelta, total: str) -> None:
    accepted = send(1, at=NOW, not_after=NOW + HOUR)
    dispatch_at(NOW + HOUR + late_by)
    assert totals_of(accepted) == {total: 1}


@pytest.mark.parametrize(("early_by", "total"), [(SECOND, "sent"), (timedelta(0), "stopped")])
def test_at_the_expiry_itself_nothing_leaves_any_more(send: Send, early_by: timedelta, total: str) -> None:
    accepted = send(1, at=NOW, expires_at=NOW + HOUR)
    dispatch_at(NOW + HOUR - early_by)
    assert totals_of(accepted) == {total: 1}


def test_an_expiry_ends_the_chain_and_its_links(send: Send) -> None:
    accepted = send(
        1, Channel.EMAIL, Channel.SMS, is_multi=True, fallback_delay_minutes=120, at=NOW, expires_at=NOW + HOUR
    )
    dispatch_at(NOW)
    dispatch_at(NOW + 2 * HOUR)
    assert totals_of(accepted) == {"sent": 1}
    assert SandboxMessage.objects.count() == 1
    assert Decision.objects.get().reason == "expired"
    code = accepted.recipients[0].code
    with pytest.raises(LinkNotOpenError):
        record_response(code, {"score": 9}, NOW + HOUR)
    link = find_link(code, NOW + HOUR)
    assert link is not None
    assert link.state is LinkState.EXPIRED


def test_an_interval_that_ends_after_the_end_leaves_the_contact_out(send: Send) -> None:
    send(1, at=NOW)
    dispatch_at(NOW)
    accepted = send(2, at=NOW + HOUR, throttle=Throttle(DAY), not_after=NOW + DAY - SECOND)
    assert totals_of(accepted) == {"waiting": 1, "skipped": 1}
    assert accepted.skipped[0].refusal.reason == "too_late"


def test_an_end_that_was_moved_holds_for_those_who_wait(send: Send) -> None:
    accepted = send(1, at=NOW, scheduled_at=NOW + HOUR, not_after=NOW + 2 * HOUR)
    Distribution.objects.update(not_after=NOW + 30 * SECOND)
    dispatch_at(NOW + HOUR)
    assert (totals_of(accepted), timeline_of(accepted).reason) == ({"stopped": 1}, "too_late")


def test_what_came_due_during_a_pause_leaves_when_it_ends_and_not_before(send: Send) -> None:
    accepted = send(2, at=NOW, options=[RecipientOptions(when=NOW + HOUR), RecipientOptions(when=NOW + 5 * HOUR)])
    pause(accepted.distribution.id, NOW)
    dispatch_at(NOW + 2 * HOUR)
    assert totals_of(accepted) == {"waiting": 2}
    resume(accepted.distribution.id, NOW + 3 * HOUR)
    dispatch_at(NOW + 3 * HOUR)
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    dispatch_at(NOW + 5 * HOUR)
    assert totals_of(accepted) == {"sent": 2}


def test_who_is_registered_gets_a_link_and_nothing_leaves(send: Send) -> None:
    accepted = send(3, at=NOW, is_sent=False)
    assert [timeline_of(accepted, place).state for place in range(3)] == ["registered"] * 3
    row = Distribution.objects.get()
    assert (row.totals["registered"], row.totals["waiting"], row.status_at(NOW)) == (3, 0, "completed")
    dispatch_at(NOW + 365 * DAY)
    assert not SandboxMessage.objects.exists()
    assert not Touch.objects.exists()
    record_response(accepted.recipients[0].code, {"score": 9}, NOW + DAY)
    assert timeline_of(accepted).recipient.responded_at == NOW + DAY


def test_registering_asks_no_rule_and_holds_nothing_back(send: Send) -> None:
    send([given(1)], at=NOW, throttle=Throttle(DAY))
    dispatch_at(NOW)
    registered = send([given(1), given(2, email="", phone="")], at=NOW, is_sent=False, throttle=Throttle(DAY))
    assert len(registered.recipients) == 2
    opt_out(Contact.objects.get(external_id="PAT-2").id, NOW, source="a test")
    assert len(send([given(2)], at=NOW, is_sent=False).recipients) == 1
    assert timeline_of(send([given(3)], at=NOW, throttle=Throttle(DAY))).due_at == NOW
