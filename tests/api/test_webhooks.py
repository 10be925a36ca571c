"""Webhooks: signed requests over real HTTP, and requests that are refused."""

import time
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from channels.events import Webhook
from channels.models import ProviderAccount
from contacts.channel import Channel
from contacts.models import Suppression
from distributor.api.body_limits import body_limit_bytes
from distributor.engine.journey.attempts import attempt_id
from distributor.engine.route.step_context import as_account
from distributor.models import Attempt, Distribution, ProviderEvent, Recipient
from tests.engine.conftest import Send, ask, send
from tests.support.channels.invitations import EMAIL, invitation
from tests.support.channels.twilio_account import CREDENTIALS, SENDER
from tests.support.engine.people import dispatch
from tests.support.standins.sendgrid import API_KEY, Mail, SendGridStandIn
from tests.support.standins.twilio import Sent, TwilioStandIn

__all__ = ["ask", "send"]
pytestmark = pytest.mark.django_db(transaction=True)

Accounts = dict[Channel, ProviderAccount]

ANN = "+48600000000"
SID = "SM" + "5" * 32


@pytest.fixture
def public(settings: LazySettings) -> str:
    """The public URL, which is signed. It differs from the URL that the tests call."""
    settings.PUBLIC_BASE_URL = url = "https://surveys.example"
    return url


@pytest.fixture
def sendgrid() -> SendGridStandIn:
    return SendGridStandIn()


def use_sendgrid(account: ProviderAccount, peer: SendGridStandIn) -> None:
    account.kind, account.credentials = "sendgrid", {"api_key": API_KEY}
    account.configuration = {"webhookPublicKey": peer.public_key}
    account.save()


def use_twilio(account: ProviderAccount) -> None:
    account.kind, account.credentials, account.configuration = "twilio", CREDENTIALS, {"from": SENDER}
    account.save()


def post(server: LiveServer, webhook: Webhook) -> httpx.Response:
    """Post to the test server as the provider would to the public URL, with the same path and query."""
    url = urlsplit(webhook.url)
    return httpx.post(
        f"{server.url}{url.path}{'?' + url.query if url.query else ''}", content=webhook.body, headers=webhook.headers
    )


def mail_of(recipient: Recipient, to: str = "person0@example.com") -> Mail:
    message = invitation(to, variant=EMAIL)
    args = {"attempt_id": attempt_id(recipient.pk, 1)}
    headers = {"Message-ID": "<1@acme.example>"}
    return Mail("standin-1", args["attempt_id"], args, message.to, "", {}, "", "", "", "", headers, {})


def test_signed_events_of_sendgrid_are_processed(
    live_server: LiveServer,
    public: str,
    sendgrid: SendGridStandIn,
    accounts: Accounts,
    send: Send,
) -> None:
    send(1)
    dispatch()
    account = accounts[Channel.EMAIL]
    use_sendgrid(account, sendgrid)
    mail, now = mail_of(Recipient.objects.get()), time.time()
    events = [sendgrid.event(mail, name, now) for name in ("processed", "delivered", "open", "spamreport")]
    answer = post(live_server, sendgrid.webhook(events, now, as_account(account).webhook_url))
    assert (answer.status_code, answer.text) == (200, "")
    assert ProviderEvent.objects.count() == 4
    assert (Attempt.objects.get().progress, Attempt.objects.get().trouble) == (3, 2)
    assert Distribution.objects.get().opened_count == 1
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"complaint"}


def test_a_signed_status_of_twilio_is_processed_at_the_attempts_url(
    live_server: LiveServer, public: str, accounts: Accounts, send: Send
) -> None:
    send(1, Channel.SMS)
    dispatch()
    account, peer = accounts[Channel.SMS], TwilioStandIn()
    use_twilio(account)
    callback = f"{as_account(account).webhook_url}/{attempt_id(Recipient.objects.get().pk, 1)}"
    assert callback.startswith(f"{public}/webhooks/")
    sent = Sent(SID, {"To": ANN, "From": SENDER, "StatusCallback": callback})
    answer = post(live_server, peer.callback(sent, "undelivered", "30005"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml"
    assert "<Response/>" in answer.text
    assert Recipient.objects.get().outcome == "failed"
    assert Suppression.objects.get().reason == "bounce"


def test_stop_closes_a_number_and_start_opens_it_again(
    live_server: LiveServer, public: str, accounts: Accounts
) -> None:
    account, peer = accounts[Channel.SMS], TwilioStandIn()
    use_twilio(account)
    url = as_account(account).webhook_url
    assert post(live_server, peer.inbound(url, ANN, "STOP", 1)).status_code == 200
    closed = {(row.channel, row.address, row.reason) for row in Suppression.objects.all()}
    assert closed >= {("sms", ANN, "stop"), ("whatsapp", ANN, "stop")}
    assert post(live_server, peer.inbound(url, ANN, "START", 2)).status_code == 200
    assert not Suppression.objects.exists()


def test_a_query_is_part_of_what_was_signed(live_server: LiveServer, public: str, accounts: Accounts) -> None:
    account, peer = accounts[Channel.SMS], TwilioStandIn()
    use_twilio(account)
    webhook = peer.inbound(f"{as_account(account).webhook_url}?from=a%20service", ANN, "STOP")
    assert post(live_server, webhook).status_code == 200
    assert Suppression.objects.filter(channel="sms", reason="stop").count() == 1


@pytest.mark.parametrize("age_seconds", [26 * 3_600, -600])
def test_a_stale_request_changes_nothing(
    live_server: LiveServer,
    public: str,
    sendgrid: SendGridStandIn,
    accounts: Accounts,
    send: Send,
    age_seconds: int,
) -> None:
    send(1)
    dispatch()
    use_sendgrid(accounts[Channel.EMAIL], sendgrid)
    now = time.time()
    events = [sendgrid.event(mail_of(Recipient.objects.get()), "bounce", now, type="bounce")]
    answer = post(
        live_server, sendgrid.webhook(events, now - age_seconds, as_account(accounts[Channel.EMAIL]).webhook_url)
    )
    assert answer.status_code == 403
    assert_nothing_changed()


@pytest.mark.parametrize("forgery", ["unsigned", "other body", "other account's key", "no key"])
def test_a_forged_request_changes_nothing(
    live_server: LiveServer,
    public: str,
    sendgrid: SendGridStandIn,
    accounts: Accounts,
    send: Send,
    forgery: str,
) -> None:
    send(1)
    dispatch()
    account, now = accounts[Channel.EMAIL], time.time()
    use_sendgrid(account, sendgrid)
    mail, url = mail_of(Recipient.objects.get()), as_account(account).webhook_url
    webhook = sendgrid.webhook([sendgrid.event(mail, "bounce", now, type="bounce")], now, url)
    if forgery == "unsigned":
        webhook = Webhook(url, {"content-type": "application/json"}, webhook.body)
    elif forgery == "other body":
        webhook = Webhook(url, webhook.headers, webhook.body.replace(b"bounce", b"opened"))
    elif forgery == "other account's key":
        other = SendGridStandIn()
        webhook = other.webhook([other.event(mail, "bounce", now, type="bounce")], now, url)
    else:
        ProviderAccount.objects.filter(pk=account.pk).update(configuration={})
    assert post(live_server, webhook).status_code == 403
    assert_nothing_changed()


def test_what_twilio_signed_for_another_host_or_attempt_is_forged(
    live_server: LiveServer, public: str, accounts: Accounts, send: Send
) -> None:
    send(1, Channel.SMS)
    dispatch()
    account, peer = accounts[Channel.SMS], TwilioStandIn()
    use_twilio(account)
    path = f"/webhooks/{account.pk}/{attempt_id(Recipient.objects.get().pk, 1)}"
    form = {"MessageSid": SID, "MessageStatus": "failed", "To": ANN}
    there = peer.signed(f"{live_server.url}{path}", form)  # The URL that it was posted to.
    assert post(live_server, there).status_code == 403
    other = peer.signed(f"{public}/webhooks/{account.pk}/1-2", form)
    assert post(live_server, Webhook(f"{public}{path}", other.headers, other.body)).status_code == 403
    assert_nothing_changed()


def test_an_unknown_account_is_not_found(live_server: LiveServer, db: None) -> None:
    for path in (f"/webhooks/{uuid4()}", f"/webhooks/{uuid4()}/1-1", "/webhooks/7", "/webhooks/"):
        assert httpx.post(live_server.url + path).status_code == 404


def test_a_provider_without_webhooks_accepts_none(live_server: LiveServer, accounts: Accounts) -> None:
    answer = httpx.post(f"{live_server.url}/webhooks/{accounts[Channel.EMAIL].pk}", content=b"[]")
    assert answer.status_code == 403


def test_only_posts_of_a_bounded_size_are_read(live_server: LiveServer, accounts: Accounts) -> None:
    url = f"{live_server.url}/webhooks/{accounts[Channel.EMAIL].pk}"
    assert httpx.put(url).status_code == 405
    assert httpx.post(url, content=b" " * (body_limit_bytes("/webhooks/") + 1)).status_code == 413


def test_a_webhook_url_may_be_tested_before_it_is_used(live_server: LiveServer, accounts: Accounts) -> None:
    url = f"{live_server.url}/webhooks/{accounts[Channel.EMAIL].pk}"
    assert (httpx.head(url).status_code, httpx.get(url).status_code) == (200, 200)


def assert_nothing_changed() -> None:
    assert not ProviderEvent.objects.exists()
    assert not Suppression.objects.exists()
    recipient, attempt = Recipient.objects.get(), Attempt.objects.get()
    assert (recipient.outcome, recipient.first_opened_at) == ("sent", None)
    assert (attempt.state, attempt.progress, attempt.trouble) == ("sent", 0, 0)
