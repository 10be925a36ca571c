"""What dispatch makes of every kind of result and of everything that changed since acceptance."""

from datetime import timedelta

import pytest

from channels.models import ProviderAccount, SandboxMessage
from contacts.channel import Channel
from contacts.models import Contact, Organization, Suppression
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.dispatch import outcome
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Batch, Decision, Distribution, Handover, Recipient, Touch
from distributor.rules.requests import AudienceRules
from tests.engine.conftest import Send
from tests.support.engine.people import (
    dispatch,
    dispatch_at,
    events_of,
    fail_addresses,
    given,
    make_due,
    timeline_of,
    totals_of,
)

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]


def test_everybody_is_sent_one_message_and_the_batch_is_done(send: Send) -> None:
    accepted = send(25)
    dispatch()
    assert totals_of(accepted) == {"sent": 25}
    assert SandboxMessage.objects.count() == 25
    assert SandboxMessage.objects.values("to").distinct().count() == 25
    assert not Batch.objects.exclude(state="done").exists()
    assert not Handover.objects.filter(settled_at=None).exists()
    assert events_of(accepted) == ["accepted", "sent"]


def test_the_usual_end_is_what_the_rules_say(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = send(3)
    dispatch()
    monkeypatch.setattr(outcome, "_end_where_sent", lambda _, __, results, *___: results)
    by_rules = send(3)
    dispatch()
    assert [ends_of(usual), totals_of(usual), events_of(usual)] == [
        ends_of(by_rules), totals_of(by_rules), events_of(by_rules),
    ]  # fmt: skip


def ends_of(accepted: Accepted) -> list[tuple[object, ...]]:
    recipients = Recipient.objects.filter(distribution=accepted.distribution)
    attempts = Attempt.objects.filter(recipient_id__in=recipients.values("id"))
    sent_at = dict(attempts.values_list("recipient_id", "begun_at"))
    return [
        (each.state, each.outcome, each.reason, each.attempt_count, each.first_sent_at == sent_at[each.pk])
        for each in recipients
    ]


def test_a_large_call_goes_out_in_hand_overs_of_at_most_a_thousand(send: Send) -> None:
    accepted = send(1_500)
    dispatch()
    assert totals_of(accepted) == {"sent": 1_500}
    assert sorted(len(handover.recipient_ids) for handover in Handover.objects.all()) == [500, 1_000]


def test_the_message_carries_this_calls_data_the_link_and_the_unsubscribe_headers(send: Send) -> None:
    accepted = send(1)
    dispatch()
    message = SandboxMessage.objects.get()
    code = accepted.recipients[0].code
    assert message.to == "person0@example.com"
    assert f"/p/{code}" in message.text
    assert f"/u/{code}" in message.headers["List-Unsubscribe"]
    assert message.group_id == str(accepted.distribution.id)


def test_a_later_call_does_not_change_what_an_earlier_one_says(
    send: Send, organization: Organization, templates: dict[Channel, object]
) -> None:
    from channels.models import TemplateVariant

    TemplateVariant.objects.filter(template__channel="email").update(text="${contact:department}")
    later = database_now() + timedelta(hours=1)
    send([given(1, embedded_data={"department": "Cardiology"})], scheduled_at=later)
    send([given(1, embedded_data={"department": "Oncology"})])
    make_due()
    dispatch()
    texts = SandboxMessage.objects.order_by("id").values_list("text", flat=True)
    assert sorted(texts) == ["Cardiology", "Oncology"]


def test_the_contacts_locale_picks_the_variant(send: Send) -> None:
    accepted = send(1)
    Contact.objects.filter(id=accepted.recipients[0].contact.id).update(locale="pl-PL")
    dispatch()
    assert SandboxMessage.objects.get().text.startswith("Dzień dobry")


def test_nothing_leaves_before_its_moment(send: Send) -> None:
    accepted = send(3, scheduled_at=database_now() + timedelta(minutes=5))
    dispatch()
    assert totals_of(accepted) == {"waiting": 3}
    assert timeline_of(accepted).due_at == accepted.distribution.scheduled_at


def test_a_refused_recipient_fails_alone_and_frees_its_frequency_slot(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person1="permanent")
    accepted = send(3)
    dispatch()
    assert totals_of(accepted) == {"sent": 2, "failed": 1}
    timeline = timeline_of(accepted, 1)
    assert (timeline.state, timeline.recipient.reason) == ("failed", "refused")
    assert [attempt.code for attempt in timeline.attempts] == ["550"]
    assert Touch.objects.get(contact_id=timeline.recipient.contact_id).last_sent_at is None


def test_a_passing_fault_is_tried_again_later(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="transient")
    accepted = send(2)
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "waiting": 1}
    decision = timeline_of(accepted).decisions[0]
    assert (decision.kind, decision.reason) == ("deferred", "transient_failure")
    assert decision.until == timeline_of(accepted).due_at
    fail_addresses(accounts[Channel.EMAIL])
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
    assert events_of(accepted) == ["accepted", "failed", "deferred", "sent"]


def test_a_fault_that_does_not_pass_ends_after_a_day(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="transient")
    accepted = send(1)
    start = database_now()
    for minutes in (0, 2, 5, 10, 20, 40, 80, 160, *range(300, 1_260, 60)):
        dispatch_at(start + timedelta(minutes=minutes))
    assert totals_of(accepted) == {"waiting": 1}
    for hours in (21, 22, 23, 24):
        dispatch_at(start + timedelta(hours=hours))
    assert totals_of(accepted) == {"failed": 1}
    assert timeline_of(accepted).recipient.reason == "attempts_exhausted"
    assert 10 <= Attempt.objects.count() <= 20


def test_being_throttled_is_no_attempt(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="throttled")
    accepted = send(1)
    for _ in range(10):
        make_due()
        dispatch()
    assert totals_of(accepted) == {"waiting": 1}
    assert not Attempt.objects.exists()


def test_an_email_of_unknown_outcome_is_resent_once_and_counted(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.EMAIL], person0="unknown")
    accepted = send(1)
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1, "duplicate_risk": 1}
    assert SandboxMessage.objects.count() == 2
    assert [attempt.state for attempt in timeline_of(accepted).attempts] == ["unknown", "unknown"]


def test_an_sms_of_unknown_outcome_is_never_resent(send: Send, accounts: Accounts) -> None:
    fail_addresses(accounts[Channel.SMS], person0="unknown")
    accepted = send(1, Channel.SMS)
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 1}
    assert SandboxMessage.objects.count() == 1


@pytest.mark.parametrize("kind", ["Raising", "Forgetful"])
def test_a_provider_that_breaks_its_contract_leaves_everything_unknown(
    send: Send, accounts: Accounts, kinds: dict[str, str], kind: str
) -> None:
    kinds["broken"] = f"tests.support.engine.providers.{kind}"
    ProviderAccount.objects.filter(id=accounts[Channel.SMS].id).update(kind="broken")
    accepted = send(3, Channel.SMS)
    dispatch()
    assert totals_of(accepted) == {"indeterminate": 3}


def test_a_message_that_cannot_be_written_fails_alone(send: Send) -> None:
    accepted = send(3)
    Recipient.objects.filter(code=accepted.recipients[1].code).update(attributes=["not", "an", "object"])
    from channels.models import TemplateVariant

    TemplateVariant.objects.update(text="${contact:department}")
    dispatch()
    assert totals_of(accepted) == {"sent": 2, "failed": 1}
    assert timeline_of(accepted, 1).recipient.reason == "refused"


def test_whoever_opts_out_after_acceptance_is_not_sent_to(send: Send) -> None:
    accepted = send(2)
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "stopped": 1}
    assert timeline_of(accepted).recipient.reason == "opted_out"
    assert SandboxMessage.objects.get().to == "person1@example.com"


@pytest.mark.parametrize(("cause", "reason"), [("unsubscribe", "opted_out"), ("bounce", "suppressed")])
def test_an_address_suppressed_after_acceptance_is_not_written_to(
    send: Send, organization: Organization, cause: str, reason: str
) -> None:
    accepted = send(2)
    Suppression.objects.create(organization=organization, channel="email", address="person0@example.com", reason=cause)
    dispatch()
    assert totals_of(accepted) == {"sent": 1, "stopped": 1}
    assert timeline_of(accepted).recipient.reason == reason


def test_opted_out_contacts_that_a_call_includes_get_a_link_and_no_message(
    send: Send, organization: Organization
) -> None:
    first = send(1)
    opt_out(first.recipients[0].contact.id, database_now(), source="a test")
    accepted = send(1, audience=AudienceRules(exclude_opted_out=False))
    dispatch()
    assert len(accepted.recipients) == 1
    assert totals_of(accepted) == {"stopped": 1}
    assert not SandboxMessage.objects.exists()


def test_nothing_is_sent_after_the_distribution_expired(send: Send) -> None:
    accepted = send(2)
    Distribution.objects.update(expires_at=database_now())
    dispatch()
    assert totals_of(accepted) == {"stopped": 2}
    assert timeline_of(accepted).recipient.reason == "expired"


def test_the_frequency_rule_is_checked_again_right_before_sending(send: Send, organization: Organization) -> None:
    organization.minimum_days_between_contacts = 30
    organization.save()
    accepted = [send(1), send(1)]
    dispatch()
    assert sorted(totals_of(one).popitem()[0] for one in accepted) == ["sent", "stopped"]
    decision = Decision.objects.get()
    assert (decision.reason, decision.detail["days"]) == ("frequency_rule", 30)
    assert SandboxMessage.objects.count() == 1


def test_a_journeys_own_first_try_does_not_hold_its_retry_back(
    send: Send, organization: Organization, accounts: Accounts
) -> None:
    organization.minimum_days_between_contacts = 30
    organization.save()
    fail_addresses(accounts[Channel.EMAIL], person0="transient")
    accepted = send(1)
    dispatch()
    fail_addresses(accounts[Channel.EMAIL])
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 1}


def test_a_switched_off_account_keeps_its_messages(send: Send, accounts: Accounts) -> None:
    accepted = send(2)
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(is_active=False)
    dispatch()
    assert totals_of(accepted) == {"waiting": 2}
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(is_active=True)
    make_due()
    dispatch()
    assert totals_of(accepted) == {"sent": 2}
