"""A provider that takes idempotency keys is asked again with the same attempt, and sends its message once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import F

from channels.models import ProviderAccount, TemplateVariant
from channels.providers.anymail import idempotency
from contacts.channel import Channel
from contacts.models import Contact
from distributor.engine.acceptance.accept import Accepted
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.dispatch.handover import hand_over
from distributor.engine.infrastructure.clock import database_now
from distributor.models import Attempt, Handover
from tests.engine.conftest import Send
from tests.support.engine.claims import begin_claim, claim_next
from tests.support.engine.people import dispatch, events_of, make_due, timeline_of, totals_of
from tests.support.engine.vendors import resend
from tests.support.standins.resend import ResendStandIn
from tests.support.standins.server import Fault

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def peer(accounts: dict[Channel, ProviderAccount]) -> Iterator[ResendStandIn]:
    with resend(accounts[Channel.EMAIL]) as peer:
        yield peer


def crash(send: Send, *, is_handed_over: bool, people: int = 3) -> Accepted:
    """Send, and let the worker die before or after the provider takes the messages."""
    accepted = send(people)
    claim, context, provider = claim_next()
    begun = begin_claim(claim, context)
    if is_handed_over:
        hand_over(context, provider, begun)
    return accepted


def come_back() -> None:
    """Let the lease expire, recover, and do what is due then."""
    make_due()
    dispatch()
    make_due()
    dispatch()


def make_older(age: timedelta) -> None:
    """Do as if all hand-overs and attempts had begun earlier."""
    Handover.objects.update(begun_at=F("begun_at") - age)
    Attempt.objects.update(begun_at=F("begun_at") - age)


@pytest.mark.parametrize("is_handed_over", [False, True])
def test_a_crash_doubles_nothing_and_counts_no_risk(send: Send, peer: ResendStandIn, is_handed_over: bool) -> None:
    accepted = crash(send, is_handed_over=is_handed_over)
    come_back()
    assert totals_of(accepted) == {"sent": 3}
    assert sorted(peer.ledger.sent_to) == [f"person{number}@example.com" for number in range(3)]
    assert events_of(accepted) == ["accepted", "sent", "deferred"]  # in the order of the begins
    assert [attempt.number for attempt in timeline_of(accepted).attempts] == [1]


def test_a_repeat_is_the_attempt_that_it_repeats(send: Send, peer: ResendStandIn) -> None:
    crash(send, is_handed_over=True, people=1)
    begun_at = Handover.objects.get().begun_at
    come_back()
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.begun_at, attempt.provider_message_id) == ("sent", begun_at, "id-1")
    assert set(peer.ledger.keys.values()) == {2}


def test_a_crash_in_the_repeat_is_repeated(send: Send, peer: ResendStandIn) -> None:
    accepted = crash(send, is_handed_over=True)
    make_due()
    dispatch()
    make_due()
    claim, context, provider = claim_next()
    hand_over(context, provider, begin_claim(claim, context))
    assert not Attempt.objects.exists()
    come_back()
    assert totals_of(accepted) == {"sent": 3}
    assert peer.ledger.doubles == {}


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.THROTTLED, Fault.LOST_ANSWER, Fault.RESET_BEFORE])
def test_a_repeat_that_is_turned_away_is_made_again(send: Send, peer: ResendStandIn, fault: Fault) -> None:
    accepted = crash(send, is_handed_over=True, people=1)
    peer.next_faults.extend([fault] * 2)
    come_back()
    assert totals_of(accepted) == {"waiting": 1}
    assert [attempt.state for attempt in Attempt.objects.all()] == ["unknown"]
    come_back()
    assert totals_of(accepted) == {"sent": 1}
    assert peer.ledger.doubles == {}


def test_another_text_than_before_proves_that_the_first_was_taken(send: Send, peer: ResendStandIn) -> None:
    accepted = crash(send, is_handed_over=True)
    TemplateVariant.objects.update(text="Something else: ${link} ${unsubscribe}")
    come_back()
    assert totals_of(accepted) == {"sent": 3}
    assert Attempt.objects.filter(code="invalid_idempotent_request", state="sent").count() == 3
    assert peer.ledger.doubles == {}


def test_a_refusal_of_other_content_tells_nothing_of_the_first_message(send: Send, peer: ResendStandIn) -> None:
    accepted = crash(send, is_handed_over=True, people=1)
    Contact.objects.update(email="no address")
    come_back()
    assert totals_of(accepted) == {"waiting": 1}
    assert Attempt.objects.get().state == "unknown"


def test_whoever_says_no_meanwhile_is_not_asked_for_again(send: Send, peer: ResendStandIn) -> None:
    accepted = crash(send, is_handed_over=False, people=2)
    make_due()
    dispatch()
    opt_out(accepted.recipients[0].contact.id, database_now(), source="a test")
    come_back()
    assert totals_of(accepted) == {"sent": 1, "indeterminate": 1}
    assert peer.ledger.sent_to == ["person1@example.com"]


def test_an_account_that_is_switched_off_is_not_asked_again(
    send: Send, peer: ResendStandIn, accounts: dict[Channel, ProviderAccount]
) -> None:
    accepted = crash(send, is_handed_over=True, people=1)
    make_due()
    dispatch()
    ProviderAccount.objects.update(is_active=False)
    requests = peer.requests
    come_back()
    assert totals_of(accepted) == {"waiting": 1}
    assert peer.requests == requests
    ProviderAccount.objects.filter(id=accounts[Channel.EMAIL].id).update(is_active=True)


def test_a_key_that_has_expired_is_not_used_again(send: Send, peer: ResendStandIn) -> None:
    accepted = crash(send, is_handed_over=True, people=1)
    make_due()
    dispatch()
    peer.forget_keys()
    make_older(A_DAY)
    come_back()
    assert totals_of(accepted) == {"sent": 1, "duplicate_risk": 1}
    assert [attempt.state for attempt in Attempt.objects.order_by("number")] == ["unknown", "sent"]
    assert peer.ledger.doubles == {"person0@example.com": 2}


def test_a_repeat_leaves_by_the_account_of_the_first_message(
    send: Send, peer: ResendStandIn, accounts: dict[Channel, ProviderAccount]
) -> None:
    other = ProviderAccount.objects.create(
        organization=accounts[Channel.EMAIL].organization, name="Other", kind="sandbox", channel=Channel.EMAIL
    )
    accounts[Channel.EMAIL].stand_in = other
    accounts[Channel.EMAIL].save(update_fields=["stand_in"])
    accepted = crash(send, is_handed_over=True, people=2)
    come_back()
    assert totals_of(accepted) == {"sent": 2}
    assert {attempt.provider_account_id for attempt in Attempt.objects.all()} == {accounts[Channel.EMAIL].id}
