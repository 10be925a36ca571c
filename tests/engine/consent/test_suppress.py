"""Addresses that are closed, and opened again, by what providers tell and answer."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from channels.events import EventKind
from channels.models import ProviderAccount
from channels.providers.base import Outcome, Result, Scope
from contacts.channel import Channel
from contacts.models import Organization, Suppression
from distributor.engine.consent.opt_out import lift_opt_out
from distributor.engine.dispatch.settle import settle
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Decision
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, events_of, given, totals_of
from tests.support.engine.provider_events import event_of, report_events

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]


def closed() -> list[tuple[str, str, str]]:
    return sorted(Suppression.objects.values_list("channel", "address", "reason"))


def everything(reason: str) -> list[tuple[str, str, str]]:
    """Every address of person 0."""
    phones = [(channel, "+48600000000", reason) for channel in ("sms", "whatsapp")]
    return [("email", "person0@example.com", reason), *phones]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (EventKind.HARD_BOUNCED, "bounce"),
        (EventKind.COMPLAINED, "complaint"),
        (EventKind.UNSUBSCRIBED, "unsubscribe"),
        (EventKind.STOPPED, "stop"),
    ],
)
def test_an_event_closes_the_address_and_a_no_the_person(
    send: Send, accounts: Accounts, kind: EventKind, reason: str
) -> None:
    accepted = send(1)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, kind, attempt_id=""))
    assert closed() == ([("email", "person0@example.com", reason)] if reason == "bounce" else everything(reason))
    assert all(str(accounts[Channel.EMAIL].id) in suppression.source for suppression in Suppression.objects.all())
    again = send(1)
    assert totals_of(again) == {"skipped": 1}
    decision = Decision.objects.get(distribution_id=again.distribution.id)
    if reason == "bounce":
        assert (decision.reason, decision.detail) == ("suppressed", {"channel": "email", "suppression": "bounce"})
    else:
        assert (decision.reason, list(decision.detail)) == ("opted_out", ["since"])


@pytest.mark.parametrize("kind", [EventKind.SOFT_BOUNCED, EventKind.FAILED, EventKind.DROPPED, EventKind.DELAYED])
def test_what_is_no_fault_of_the_address_leaves_it_open(send: Send, accounts: Accounts, kind: EventKind) -> None:
    accepted = send(1)
    dispatch()
    report_events(accounts[Channel.EMAIL], event_of(accepted, kind))
    assert closed() == []


def test_several_reasons_stand_beside_one_another_and_the_persons_own_counts(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    for kind in (EventKind.UNSUBSCRIBED, EventKind.HARD_BOUNCED):
        report_events(accounts[Channel.EMAIL], event_of(accepted, kind))
    assert closed() == sorted([("email", "person0@example.com", "bounce"), *everything("unsubscribe")])
    again = send(1)
    assert Decision.objects.get(distribution_id=again.distribution.id).reason == "opted_out"
    lift_opt_out(accepted.recipients[0].contact.id, database_now(), source="a test", is_asked_by_person=True)
    assert [reason for _, _, reason in closed()] == ["bounce"]


def test_an_event_that_is_told_again_does_not_close_what_an_operator_opened(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    dispatch()
    event = event_of(accepted, EventKind.HARD_BOUNCED)
    report_events(accounts[Channel.EMAIL], event)
    Suppression.objects.all().delete()
    report_events(accounts[Channel.EMAIL], event)
    assert closed() == []


@pytest.mark.parametrize("address", ["", "whatsapp:US.1234", "24444", "not an address"])
def test_what_is_no_address_closes_nothing(send: Send, accounts: Accounts, address: str) -> None:
    accepted = send(1, Channel.SMS)
    report_events(accounts[Channel.SMS], event_of(accepted, EventKind.STOPPED, attempt_id="", address=address))
    assert closed() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize(("kinds", "remains"), [("stop start stop", True), ("start stop start", False)])
def test_the_later_wish_holds_in_whatever_order_they_are_told(
    send: Send, accounts: Accounts, kinds: str, remains: bool, order: Sequence[int]
) -> None:
    accepted, now, sms = send(1, Channel.SMS), database_now(), accounts[Channel.SMS]
    named = {"stop": EventKind.STOPPED, "start": EventKind.STARTED}
    wishes = [
        event_of(
            accepted,
            named[name],
            attempt_id="",
            address="+48600000000",
            occurred_at=now + timedelta(seconds=second),
        )
        for second, name in enumerate(kinds.split())
    ]
    for place in order:
        report_events(sms, wishes[place])
    assert closed() == (everything("stop") if remains else [])


def test_start_lifts_no_other_reason(send: Send, accounts: Accounts, organization: Organization) -> None:
    accepted = send(1, Channel.SMS)
    for reason in ("complaint", "manual", "bounce", "stop"):
        Suppression.objects.create(organization=organization, channel="sms", address="+48600000000", reason=reason)
    report_events(accounts[Channel.SMS], event_of(accepted, EventKind.STARTED, attempt_id="", address="+48600000000"))
    assert [reason for _, _, reason in closed()] == ["bounce", "complaint", "manual"]


def test_a_refusal_because_of_an_earlier_stop_closes_the_number(send: Send) -> None:
    accepted = send([given(0), given(1)], Channel.SMS)
    claim, route, _ = claim_next()
    begun = begin_claim(claim, route)
    refused = Result(Outcome.PERMANENT, code="21610", scope=Scope.RECIPIENT, opted_out=True)
    settle(claim, route, begun, [refused, Result(Outcome.ACCEPTED)], database_now())
    assert totals_of(accepted) == {"sent": 1, "failed": 1}
    assert closed() == everything("stop")


def test_a_refusal_stops_who_shares_the_number_in_the_same_call(send: Send, organization: Organization) -> None:
    Organization.objects.filter(id=organization.id).update(stop_closes="channel")
    sharing = given(1, phone=str(given(0)["phone"]))
    accepted = send([given(0), sharing, given(2)], Channel.SMS, reminders=[(Channel.EMAIL, 1_440)])
    claim, route, _ = claim_next()
    begun = begin_claim(claim, route)
    refused = Result(Outcome.PERMANENT, code="21610", scope=Scope.RECIPIENT, opted_out=True)
    settle(claim, route, begun, [refused, Result(Outcome.ACCEPTED), Result(Outcome.ACCEPTED)], database_now())
    assert totals_of(accepted) == {"failed": 1, "sent": 1, "waiting": 1}
    assert events_of(accepted, 1)[-1] == "stopped"
    assert "stopped" not in events_of(accepted, 2)


def test_another_organisations_address_stays_open(send: Send, accounts: Accounts) -> None:
    accepted = send(1)
    other = Organization.objects.create(name="Other", slug="other")
    theirs = ProviderAccount.objects.create(organization=other, name="Theirs", kind="sandbox", channel="email")
    report_events(theirs, event_of(accepted, EventKind.HARD_BOUNCED, attempt_id=""))
    assert set(Suppression.objects.values_list("organization_id", flat=True)) == {other.id}
    dispatch()
    assert totals_of(accepted) == {"sent": 1}
