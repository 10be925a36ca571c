"""Sending and steering distributions, on a real server."""

from typing import Any

import pytest

from channels.models import ProviderAccount, Template
from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Distribution, Survey
from distributor.models.batch import Lane
from distributor_client import InvalidRequestError, NotFoundByNameError

ANN, BOB = {"external_id": "PAT-1", "email": "ann@example.com"}, {"external_id": "PAT-2"}


def test_a_survey_and_its_channels_are_named(distributor: Any, defaults: None) -> None:
    plan = distributor.send(survey="Your stay", contacts=[ANN, BOB], channels=["email"], dry_run=True)
    assert (plan.recipient_count, len(plan.skipped)) == (1, 1)
    assert not Distribution.objects.exists()
    sent = distributor.send(survey="Your stay", contacts=[ANN, BOB], channels=["email"], name="March")
    assert [link.external_id for link in sent.links] == ["PAT-1"]
    dispatch_lane(Lane.URGENT, database_now)
    [recipient] = distributor.distributions.recipients(sent.id, external_id="PAT-1")
    assert recipient.state == "sent"
    [skipped] = distributor.distributions.skipped(sent.id)
    assert skipped.contact_id == Contact.objects.get(external_id="PAT-2").pk
    [message] = distributor.sandbox_messages.list(distribution_id=sent.id)
    assert message.to == "ann@example.com"
    assert sent.links[0].link in message.text
    assert distributor.distributions.unreached(sent.id).groups == []


def test_names_that_nothing_has_are_errors_before_anything_is_sent(
    distributor: Any, survey: Survey, accounts: dict[Channel, ProviderAccount]
) -> None:
    with pytest.raises(NotFoundByNameError, match="Your day"):
        distributor.send(survey="Your day", contacts=[ANN], channels=["email"])
    with pytest.raises(NotFoundByNameError, match="sms has no default account"):
        distributor.send(survey="Your stay", contacts=[ANN], channels=["sms"])
    assert not Contact.objects.exists()


def test_a_distribution_is_steered(
    distributor: Any,
    defaults: None,
    survey: Survey,
    accounts: dict[Channel, ProviderAccount],
    templates: dict[Channel, Template],
) -> None:
    step = {
        "channel": "email",
        "provider_ids": [accounts[Channel.EMAIL].pk],
        "template_id": templates[Channel.EMAIL].pk,
    }
    made = distributor.send(
        survey=survey.pk, contacts=[ANN], channels=[step], scheduled_at="2031-01-01T00:00:00Z", channel_mode="multi"
    )
    both = distributor.distributions
    assert both.get(made.id).status == "scheduled"
    assert both.pause(made.id).paused_at is not None
    assert both.resume(made.id).paused_at is None
    assert both.reschedule(made.id, scheduled_at="2031-02-01T00:00:00Z").scheduled_at.month == 2
    assert [each.kind for each in both.steps(made.id)] == ["invitation"]
    reminder = both.add_step(made.id, kind="reminder", **step, scheduled_at="2031-03-01T00:00:00Z")
    assert reminder.kind == "reminder"
    assert both.retry(made.id, dry_run=True).state == "dry_run"
    assert both.retry(made.id, reasons=["attempts_exhausted"]).id
    assert len(list(both.retries(made.id))) == 1
    copy = both.clone(made.id, name="April", scheduled_at="2031-04-01T00:00:00Z")
    assert [each.name for each in both.list(page_size=1)] == ["April", ""]
    assert both.cancel(copy.id).status == "cancelled"


def test_the_same_key_sends_once(distributor: Any, defaults: None) -> None:
    call = {"survey": "Your stay", "contacts": [ANN], "channels": ["email"], "idempotency_key": "march-1"}
    assert distributor.send(**call).id == distributor.send(**call).id
    with pytest.raises(InvalidRequestError) as caught:
        distributor.send(**{**call, "name": "another"})
    assert caught.value.status == 422
