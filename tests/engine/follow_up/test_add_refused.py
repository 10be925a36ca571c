"""Reminders and thank-yous that are refused."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from distributor.engine.acceptance.references import UnknownReferencesError
from distributor.engine.control import cancel
from distributor.engine.follow_up.add import FollowUpRefusedError
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Step
from distributor.rules.journey.chain import StepKind
from distributor.rules.requests import LinkType, Selection
from tests.engine.conftest import Follow, Send, SendTo
from tests.engine.follow_up.conftest import days_on

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "said", "hindrance"),
    [
        ({"expires_at": 1}, {"at": 2}, "too_late"),
        ({"not_after": 1}, {"at": 2}, "too_late"),
        ({"not_after": -1}, {}, "expired"),
        ({"is_sent": False}, {}, "nothing_sent"),
        ({"link_type": LinkType.ANONYMOUS}, {"kind": StepKind.THANK_YOU}, "nobody_to_thank"),
        ({}, {"contact_id": uuid4()}, "not_a_recipient"),
    ],
)
def test_what_would_reach_nobody_is_refused(
    send: Send, follow: Follow, fields: dict[str, Any], said: dict[str, Any], hindrance: str
) -> None:
    accepted = send(1, **{name: _moment(value) for name, value in fields.items()})
    with pytest.raises(FollowUpRefusedError) as refused:
        follow(accepted.distribution, **{name: _moment(value) for name, value in said.items()})
    assert refused.value.reason == hindrance
    assert (Step.objects.count(), Distribution.objects.get().follow_up_count) == (1, 0)


def _moment(value: Any) -> Any:
    return days_on(value) if type(value) is int else value


def test_to_an_audience_that_is_only_registered_nothing_is_added(send_to: SendTo, follow: Follow) -> None:
    distribution = send_to(Selection(embedded_data={"ward": "B"}), is_sent=False)
    with pytest.raises(FollowUpRefusedError, match="nothing_sent"):
        follow(distribution)


def test_to_what_was_cancelled_nothing_is_added(send: Send, follow: Follow) -> None:
    accepted = send(1)
    cancel(accepted.distribution.pk, database_now())
    with pytest.raises(FollowUpRefusedError, match="cancelled"):
        follow(accepted.distribution)


def test_an_account_or_template_of_nobody_is_refused(send: Send, follow: Follow) -> None:
    accepted = send(1)
    with pytest.raises(UnknownReferencesError) as refused:
        follow(accepted.distribution, template_id=uuid4())
    assert [(fault.what, fault.code) for fault in refused.value.faults] == [("template", "not_found")]


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"kind": "reminder"}, "invitations_fall_back_and_others_have_a_delay_or_a_moment"),
        ({"kind": "invitation", "at": True}, "invitations_fall_back_and_others_have_a_delay_or_a_moment"),
        (
            {"kind": "thank_you", "delay_minutes": 5, "at": True},
            "invitations_fall_back_and_others_have_a_delay_or_a_moment",
        ),
        ({"kind": "reminder", "delay_minutes": 0}, "a_reminders_delay_is_above_zero"),
        ({"kind": "reminder", "delay_minutes": 5, "own": True}, "one_persons_step_has_a_moment"),
    ],
)
def test_the_database_knows_when_a_step_comes(send: Send, wrong: dict[str, Any], constraint: str) -> None:
    accepted = send(1)
    step = Step.objects.get()
    step.pk, step.position, step.kind = uuid4(), 1, wrong["kind"]
    step.delay_minutes = wrong.get("delay_minutes")
    step.scheduled_at = database_now() if wrong.get("at") else None
    step.contact_id = accepted.recipients[0].contact.id if wrong.get("own") else None
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        step.save(force_insert=True)
