"""Twilio's inbound messages and status callbacks as its console and its pages have them, signed and over HTTP."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from channels.models import ProviderAccount
from channels.providers.twilio.events import sign
from contacts.channel import Channel
from contacts.models import Suppression
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.route.step_context import as_account
from distributor.models import Recipient
from tests.engine.conftest import Send
from tests.support.channels.twilio_account import CREDENTIALS, SENDER
from tests.support.engine.people import dispatch, totals_of
from tests.support.engine.signals import PHONE, Accounts

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def account(accounts: Accounts) -> ProviderAccount:
    """The account that sends SMS: the sandbox, until Twilio calls."""
    return accounts[Channel.SMS]


def tell(
    client: Client,
    account: ProviderAccount,
    fields: dict[str, str],
    *,
    method: str = "POST",
    tail: str = "",
    auth_token: str = CREDENTIALS["auth_token"],
) -> Any:
    """Call the webhook as Twilio does, signed; by GET the fields are in the URL."""
    account.kind, account.credentials, account.configuration = "twilio", CREDENTIALS, {"from": SENDER}
    account.save()
    url, path, query = f"{as_account(account).webhook_url}{tail}", f"/webhooks/{account.pk}{tail}", urlencode(fields)
    if method == "GET":
        return client.get(f"{path}?{query}", headers={"x-twilio-signature": sign(auth_token, f"{url}?{query}", {})})
    signature = sign(auth_token, url, {name: [value] for name, value in fields.items()})
    return client.post(path, query, content_type=FORM, headers={"x-twilio-signature": signature})


def inbound(body: str, sender: str = PHONE, **fields: str) -> dict[str, str]:
    return {
        "MessageSid": "SM" + "5" * 32,
        "SmsStatus": "received",
        "From": sender,
        "To": SENDER,
        "Body": body,
        **fields,
    }


# The console offers GET for each number: https://www.twilio.com/docs/usage/webhooks/messaging-webhooks
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("body", "is_stop"),
    [("STOP", True), ("Stop.", True), ("parar", True), ("opt-out please", True), ("Great staff, thanks & bye", False)],
)
def test_an_inbound_message_is_heeded_by_get_and_post(
    send: Send, client: Client, account: ProviderAccount, method: str, body: str, is_stop: bool
) -> None:
    waiting = send(1, Channel.EMAIL, Channel.SMS)
    assert tell(client, account, inbound(body), method=method).status_code == 200
    assert totals_of(waiting) == ({"stopped": 1} if is_stop else {"waiting": 1})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_message_with_another_signature_is_refused(client: Client, account: ProviderAccount, method: str) -> None:
    assert tell(client, account, inbound("STOP"), method=method, auth_token="another").status_code == 403
    assert not Suppression.objects.exists()


# https://www.twilio.com/docs/api/errors/30004 (blocked), /63032 (an experiment of Meta), /63049 (Meta chose not to):
# the next message may arrive, so nothing is closed, and START has nothing to lift.
@pytest.mark.parametrize("code", ["30004", "30007", "30008", "63032", "63049"])
@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_a_blocked_message_closes_nothing_and_start_changes_nothing(
    send: Send, client: Client, account: ProviderAccount, code: str, status: str
) -> None:
    accepted = send(1, Channel.SMS)
    dispatch()
    tail = f"/{attempt_id(Recipient.objects.get().pk, 1)}"
    report = {"MessageSid": "SM" + "6" * 32, "MessageStatus": status, "To": PHONE, "ErrorCode": code}
    assert tell(client, account, report, tail=tail).status_code == 200
    assert totals_of(accepted) == {"failed": 1}
    assert tell(client, account, inbound("START")).status_code == 200
    assert not Suppression.objects.exists()
    assert totals_of(send(1, Channel.SMS)) == {"waiting": 1}


# https://www.twilio.com/docs/api/errors/63014 and /21610: the person has blocked us.
@pytest.mark.parametrize("code", ["63014", "21610"])
def test_a_block_by_the_person_is_a_stop_until_they_text_start(
    send: Send, client: Client, account: ProviderAccount, code: str
) -> None:
    send(1, Channel.SMS)
    dispatch()
    tail = f"/{attempt_id(Recipient.objects.get().pk, 1)}"
    report = {"MessageSid": "SM" + "6" * 32, "MessageStatus": "undelivered", "To": PHONE, "ErrorCode": code}
    assert tell(client, account, report, tail=tail).status_code == 200
    assert totals_of(send(1, Channel.SMS)) == {"skipped": 1}
    assert tell(client, account, inbound("START")).status_code == 200
    assert totals_of(send(1, Channel.SMS)) == {"waiting": 1}
