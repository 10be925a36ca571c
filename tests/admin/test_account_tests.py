"""The page that tests a provider account, with servers that answer as the providers do."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from channels.models import ProviderAccount, SandboxMessage
from contacts.models import Contact, Organization, OrganizationMember, Suppression
from distributor.models import AuditEntry
from tests.support.channels.mail_server import MailServer
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn
from tests.support.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn


def make(organization: Organization, kind: str, channel: str = "email", **further: Any) -> ProviderAccount:
    values = {"from_email": "surveys@acme.example", **further}
    return ProviderAccount.objects.create(organization=organization, name="Ours", kind=kind, channel=channel, **values)


def press(operator: Client, account: ProviderAccount, what: str, to: str = "") -> str:
    """Press a button of the page, and return the page that answers."""
    answer = operator.post(reverse("admin:channels_provideraccount_trial", args=[account.pk]), {"what": what, "to": to})
    assert answer.status_code == 200
    return answer.content.decode()


def smtp(organization: Organization, port: int, **credentials: str) -> ProviderAccount:
    settings = {"host": "127.0.0.1", "port": port, "security": "none"}
    return make(organization, "smtp", configuration=settings, credentials=credentials)


def test_a_relay_is_reached_and_gets_a_message(operator: Client, organization: Organization) -> None:
    with MailServer().running() as server:
        account = smtp(organization, server.port)
        assert "Connected, without a login." in press(operator, account, "connection")
        assert server.mails == []
        page = press(operator, account, "message", "Olga@ACME.example")
    assert "Sent." in page
    assert "250" in page
    [mail] = server.mails
    assert (mail.mail_from, mail.rcpt_tos) == ("surveys@acme.example", ["olga@acme.example"])
    assert b"This is a test message" in bytes(mail.original_content or b"")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_refusal_is_shown_in_the_servers_words(operator: Client, organization: Organization) -> None:
    with MailServer(login=("acme", "right")).running() as server:
        page = press(operator, smtp(organization, server.port, username="acme", password="wrong"), "connection")
    assert "It was refused." in page
    assert "535" in page
    assert "It did not work this time." in press(operator, smtp(organization, server.port), "connection")


def test_sendgrid_is_asked_for_the_keys_scopes(operator: Client, organization: Organization) -> None:
    with SendGridStandIn().running() as peer:
        settings = {"baseUrl": peer.url}
        good = make(organization, "sendgrid", configuration=settings, credentials={"api_key": API_KEY})
        bad = make(organization, "sendgrid", configuration=settings, credentials={"api_key": "SG.wrong"})
        assert "SendGrid knows the API key." in press(operator, good, "connection")
        assert "401" in press(operator, bad, "connection")
        assert "Sent." in press(operator, good, "message", "olga@acme.example")
        assert peer.recipients == ["olga@acme.example"]


def test_twilio_is_asked_for_the_account(operator: Client, organization: Organization) -> None:
    with TwilioStandIn().running() as peer:
        settings = {"baseUrl": peer.url, "from": "+15005550006"}
        credentials = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        good = make(organization, "twilio", "sms", configuration=settings, credentials=credentials)
        bad = make(organization, "twilio", "sms", configuration=settings, credentials=credentials | {"auth_token": "x"})
        assert "Twilio knows the account, which is active." in press(operator, good, "connection")
        assert "20003" in press(operator, bad, "connection")
        assert "Sent." in press(operator, good, "message", "601 234 567")
        assert peer.recipients == ["+48601234567"]
        assert "This is no address for the channel." in press(operator, good, "message", "olga@acme.example")


def test_a_service_without_such_a_call_says_so(operator: Client, organization: Organization) -> None:
    account = make(organization, "anymail", configuration={"esp": "postmark"}, credentials={"api_key": "k"})
    assert "Send a test message instead." in press(operator, account, "connection")


def test_nobody_who_said_no_gets_a_test_message(operator: Client, organization: Organization) -> None:
    account = make(organization, "sandbox")
    Suppression.objects.create(organization=organization, channel="email", address="no@acme.example", reason="manual")
    Contact.objects.create(
        organization=organization, external_id="1", email="Gone@acme.example", opted_out_at="2026-01-01T00:00:00Z"
    )
    assert "Not sent: this address is suppressed" in press(operator, account, "message", "no@acme.example")
    assert "a contact with this address has opted out" in press(operator, account, "message", "gone@acme.example")
    assert not SandboxMessage.objects.exists()
    assert "Sent." in press(operator, account, "message", "olga@acme.example")
    assert SandboxMessage.objects.get().to == "olga@acme.example"
    # The refusals, too: somebody has tried.
    assert AuditEntry.objects.filter(action="test_sent", object_id=str(account.pk)).count() == 3


def test_only_who_may_change_the_account_may_test_it(organization: Organization) -> None:
    account = make(organization, "sandbox")
    other = Organization.objects.create(name="Other", slug="other", phone_region="PL")
    for place, role, status in ((organization, "viewer", 403), (other, "manager", 404), (organization, "manager", 200)):
        user = User.objects.create_user(f"{place.slug}-{role}", is_staff=True)
        OrganizationMember.objects.create(organization=place, user=user, role=role)
        client = Client()
        client.force_login(user)
        answer = client.post(reverse("admin:channels_provideraccount_trial", args=[account.pk]), {"what": "connection"})
        assert answer.status_code == status, role
