"""Thank-yous that are added."""

from datetime import timedelta

import pytest

from contacts.channel import Channel
from distributor.engine.responses.record import record_response
from distributor.rules.journey.chain import StepKind
from tests.engine.conftest import Follow, Send
from tests.engine.follow_up.conftest import A_DAY, INVITATION, THANKS, days_on, respond
from tests.support.engine.people import (
    arm_follow_ups,
    dispatch,
    dispatch_at,
    messages,
    timeline_of,
    totals_of,
)

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_thanks_go_to_who_has_answered_by_their_moment(send: Send, follow: Follow) -> None:
    accepted = send(3)
    dispatch()
    respond(accepted, 0)
    at = days_on(1)
    follow(accepted.distribution, kind=StepKind.THANK_YOU, at=at)
    arm_follow_ups()
    respond(accepted, 1)
    assert [timeline_of(accepted, place).due_at for place in (0, 1)] == [at, at]
    dispatch_at(at)
    record_response(accepted.recipients[2].code, {}, at + HOUR)
    dispatch_at(at + DAY)
    assert messages() == [INVITATION] * 3 + [THANKS] * 2
    assert totals_of(accepted) == {"sent": 3}


def test_thanks_that_are_added_come_beside_the_distributions_own(send: Send, follow: Follow) -> None:
    accepted = send(2, thank_yous=[(Channel.SMS, 2 * A_DAY)])
    dispatch()
    respond(accepted, 0)
    follow(accepted.distribution, kind=StepKind.THANK_YOU, at=days_on(1))
    arm_follow_ups()
    respond(accepted, 1)
    dispatch_at(days_on(1) + MINUTE)
    assert messages()[2:] == [THANKS] * 2
    dispatch_at(days_on(2) + MINUTE)
    assert messages()[4:] == ["thank_you sms"] * 2
    assert totals_of(accepted) == {"sent": 2}


def test_who_answered_before_the_invitation_left_is_thanked(send: Send, follow: Follow) -> None:
    accepted = send(1, scheduled_at=days_on(1))
    respond(accepted)
    assert totals_of(accepted) == {"stopped": 1}
    follow(accepted.distribution, kind=StepKind.THANK_YOU)
    arm_follow_ups()
    dispatch_at(days_on(1))
    assert messages() == [THANKS]
    assert totals_of(accepted) == {"sent": 1}
