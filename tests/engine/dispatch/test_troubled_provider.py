"""Providers that throttle, fail, lose answers and drop connections: everybody ends, and who got two is counted."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from channels.models import ProviderAccount
from contacts.channel import Channel
from distributor.engine.acceptance.accept import Accepted
from distributor.models import Attempt, Recipient
from tests.engine.conftest import Send
from tests.support.channels.mail_server import DROP, MailServer
from tests.support.engine.people import dispatch, given, make_due, totals_of
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn
from tests.support.standins.server import Fault
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn

pytestmark = pytest.mark.django_db
Accounts = dict[Channel, ProviderAccount]

# SendGrid gets a request per call: enough for every kind of trouble twice.
CALLS, CALL_SIZE = 12, 10
SHARES = {
    Fault.THROTTLED: 0.1,
    Fault.UNAVAILABLE: 0.1,
    Fault.LOST_ANSWER: 0.1,
    Fault.RESET_BEFORE: 0.05,
    Fault.RESET_AFTER: 0.05,
}
ROUNDS = 400


@pytest.fixture(autouse=True)
def public_address(settings: Any) -> None:
    """Twilio takes no callback to a host without a dot."""
    settings.PUBLIC_BASE_URL = "https://surveys.example"


def move_to(
    account: ProviderAccount, kind: str, configuration: dict[str, Any], credentials: dict[str, str] | None = None
) -> None:
    """Make the account one of another provider's."""
    account.kind, account.configuration, account.credentials = kind, configuration, credentials or {}
    account.full_clean()
    account.save()


def send_calls(send: Send, channel: Channel) -> list[Accepted]:
    return [
        send([given(call * CALL_SIZE + place) for place in range(CALL_SIZE)], channel, name=f"call {call}")
        for call in range(CALLS)
    ]


def dispatch_until_all_have_ended() -> None:
    for _ in range(ROUNDS):
        make_due()
        dispatch()
        if not Recipient.objects.filter(state="waiting").exists():
            return
    raise AssertionError(f"after {ROUNDS} rounds some still wait")


def account_for(accepted: Sequence[Accepted], column: str, received: Sequence[str]) -> Counter[str]:
    """The totals of all calls, once it is known that they are true of what the provider took.

    `received` names whom it took messages for, `column` where a contact has that name.
    """
    totals = Counter[str]()
    for each in accepted:
        totals.update(totals_of(each))
    assert totals["sent"] + totals["indeterminate"] + totals["failed"] == CALLS * CALL_SIZE
    copies = Counter(received)
    by_outcome = dict[str, set[str]]()
    for address, outcome in Recipient.objects.values_list(f"contact__{column}", "outcome"):
        by_outcome.setdefault(outcome, set()).add(address)
    assert by_outcome["sent"] <= copies.keys()
    assert copies.keys() <= by_outcome["sent"] | by_outcome.get("indeterminate", set())
    assert max(copies.values()) <= 2
    in_doubt = Attempt.objects.filter(state="unknown").values("recipient_id")
    at_risk = set(Recipient.objects.filter(id__in=in_doubt).values_list(f"contact__{column}", flat=True))
    assert {address for address, count in copies.items() if count == 2} <= at_risk
    assert copies.total() - len(copies) <= totals["duplicate_risk"]
    return totals


def test_through_sendgrid_in_trouble_everybody_ends_and_second_copies_are_counted(
    send: Send, accounts: Accounts
) -> None:
    with SendGridStandIn(shares=SHARES).running() as peer:
        peer.next_faults.extend(SHARES)
        move_to(accounts[Channel.EMAIL], "sendgrid", {"baseUrl": peer.url}, {"api_key": API_KEY})
        accepted = send_calls(send, Channel.EMAIL)
        dispatch_until_all_have_ended()
    totals = account_for(accepted, "email", peer.recipients)
    assert set(peer.faults) == set(SHARES)
    # Two of those who were struck first had been taken, and were sent to again. The second may have been a call for one
    # person: after the first, the account is in doubt.
    assert len(peer.recipients) - len(set(peer.recipients)) > CALL_SIZE
    assert totals["failed"] == 0


def test_through_twilio_in_trouble_everybody_ends_and_nobody_gets_two(send: Send, accounts: Accounts) -> None:
    with TwilioStandIn(shares=SHARES).running() as peer:
        peer.next_faults.extend(SHARES)
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        move_to(accounts[Channel.SMS], "twilio", {"baseUrl": peer.url, "from": "+15005550006"}, credentials)
        accepted = send_calls(send, Channel.SMS)
        dispatch_until_all_have_ended()
    totals = account_for(accepted, "phone", peer.recipients)
    assert set(peer.faults) == set(SHARES)
    assert len(set(peer.recipients)) == len(peer.recipients)
    # Whose answer was lost is not tried again; most of them did get it.
    assert totals["indeterminate"] >= peer.faults[Fault.LOST_ANSWER] + peer.faults[Fault.RESET_AFTER]
    assert (totals["duplicate_risk"], totals["failed"]) == (0, 0)


def test_through_a_mail_server_in_trouble_everybody_ends_and_second_copies_are_counted(
    send: Send, accounts: Accounts
) -> None:
    with MailServer().running() as server:
        troubles = [
            ("RCPT", "450 4.2.1 busy"),
            ("RCPT", "451 greylisted"),
            ("RCPT", DROP),
            ("DATA", DROP),
            ("CONTENT", DROP),
        ]
        for number in range(0, CALLS * CALL_SIZE, 10):
            stage, reply = troubles[number // 10 % len(troubles)]
            server.replies[stage, f"person{number}@example.com"] = reply
        configuration = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        move_to(accounts[Channel.EMAIL], "smtp", configuration)
        accepted = send_calls(send, Channel.EMAIL)
        dispatch()
        assert Attempt.objects.filter(state="failed").exists()
        server.replies.clear()  # the trouble passes
        dispatch_until_all_have_ended()
        received = server.recipients
    totals = account_for(accepted, "email", received)
    # A connection lost after the content: the mail had been taken each time.
    assert len(received) - len(set(received)) == totals["duplicate_risk"] == CALLS * CALL_SIZE // 10 // len(troubles)
    assert totals["failed"] == 0
