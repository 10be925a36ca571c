"""Events of Postmark and Mailgun: which are trusted, and what they mean."""

import dataclasses
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.events import Event, EventKind, ForgedWebhookError, Webhook
from channels.providers.anymail.provider import Anymail
from tests.support.channels.anymail_account import anymail_account
from tests.support.channels.anymail_wire import NOW, WIRES, wired_account
from tests.support.channels.invitations import invitation
from tests.support.standins.mailgun import API_KEY, SIGNING_KEY, MailgunStandIn
from tests.support.standins.postmark import SERVER_TOKEN, WEBHOOK_SECRET, PostmarkStandIn

AT = datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC)

Postmark = tuple[PostmarkStandIn, Anymail]
Mailgun = tuple[MailgunStandIn, Anymail]


@pytest.fixture(scope="module")
def postmark() -> Generator[Postmark]:
    """A stand-in that took one mail, and its provider."""
    with PostmarkStandIn().running() as peer:
        known = {"esp": "postmark", "baseUrl": peer.url}
        provider = anymail_account(known, api_key=SERVER_TOKEN, webhook_secret=WEBHOOK_SECRET)
        provider.send_batch([invitation("Ann@Example.com", number=5)])
        yield peer, provider
        provider.close()


@pytest.fixture(scope="module")
def mailgun() -> Generator[Mailgun]:
    with MailgunStandIn().running() as peer:
        known = {"esp": "mailgun", "baseUrl": f"{peer.url}/v3"}
        provider = anymail_account(known, api_key=API_KEY, webhook_secret=SIGNING_KEY)
        provider.send_batch([invitation("Ann@Example.com", number=5)])
        yield peer, provider
        provider.close()


def read(provider: Anymail, webhook: Webhook) -> list[Event]:
    return list(provider.read_webhook(webhook, NOW).events)


# Postmark


def test_an_event_of_postmark_brings_back_the_attempt_and_everything_that_was_told(postmark: Postmark) -> None:
    peer, provider = postmark
    report = peer.event(peer.mails[0], "Delivery", DeliveredAt="2026-11-23T06:59:30-05:00", Details="250 2.0.0 OK")
    [event] = read(provider, peer.webhook(report))
    assert dataclasses.replace(event, raw={}, event_id="") == Event(
        event_id="",
        kind=EventKind.DELIVERED,
        occurred_at=AT,
        attempt_id="5-1",
        address="ann@example.com",
        provider_message_id=peer.mails[0].message_id,
        detail="250 2.0.0 OK",
    )
    assert event.raw == {"type": "delivered", "reject_reason": ""}


@pytest.mark.parametrize(
    ("record", "further", "kind"),
    [
        ("Open", {"FirstOpen": True}, EventKind.OPENED),
        ("Click", {"OriginalLink": "https://x.example/"}, EventKind.CLICKED),
        ("Bounce", {"ID": 1, "Type": "HardBounce", "TypeCode": 1}, EventKind.HARD_BOUNCED),
        ("Bounce", {"ID": 1, "Type": "BadEmailAddress"}, EventKind.HARD_BOUNCED),
        ("Bounce", {"ID": 1, "Type": "SoftBounce"}, EventKind.SOFT_BOUNCED),
        ("Bounce", {"ID": 1, "Type": "Transient"}, EventKind.DELAYED),
        ("Bounce", {"ID": 1, "Type": "DnsError"}, EventKind.DELAYED),
        ("Bounce", {"ID": 1, "Type": "VirusNotification"}, EventKind.SOFT_BOUNCED),
        ("Bounce", {"ID": 1, "Type": "Blocked"}, EventKind.FAILED),
        ("Bounce", {"ID": 1, "Type": "SpamNotification"}, EventKind.COMPLAINED),
        ("SpamComplaint", {"ID": 1, "Type": "SpamComplaint"}, EventKind.COMPLAINED),
        ("SubscriptionChange", {"SuppressSending": True, "SuppressionReason": "HardBounce"}, EventKind.HARD_BOUNCED),
        (
            "SubscriptionChange",
            {"SuppressSending": True, "SuppressionReason": "ManualSuppression"},
            EventKind.UNSUBSCRIBED,
        ),
    ],
)
def test_what_each_event_of_postmark_means(
    postmark: Postmark, record: str, further: dict[str, Any], kind: EventKind
) -> None:
    peer, provider = postmark
    [event] = read(provider, peer.webhook(peer.event(peer.mails[0], record, **further)))
    assert (event.kind, event.attempt_id) == (kind, "5-1")


@pytest.mark.parametrize(
    ("record", "further"),
    [
        ("Bounce", {"ID": 1, "Type": "AutoResponder"}),
        ("SubscriptionChange", {"SuppressSending": False, "SuppressionReason": None}),
        ("Inbound", {}),
        ("SMSDelivered", {}),
    ],
)
def test_events_of_postmark_that_mean_nothing_here_are_passed_over(
    postmark: Postmark, record: str, further: dict[str, Any]
) -> None:
    peer, provider = postmark
    assert read(provider, peer.webhook(peer.event(peer.mails[0], record, **further))) == []


def test_events_of_postmark_without_an_id_have_the_same_one_whenever_they_are_told(postmark: Postmark) -> None:
    peer, provider = postmark
    report = peer.event(peer.mails[0], "Open", ReceivedAt="2026-11-23T11:59:30Z")
    later = peer.event(peer.mails[0], "Open", ReceivedAt="2026-11-23T11:59:31Z")
    [first], [again], [other] = (
        read(provider, peer.webhook(event)) for event in (report, dict(reversed(report.items())), later)
    )
    assert first.event_id == again.event_id
    assert other.event_id not in ("", first.event_id)


def test_a_bounce_and_the_complaint_of_the_same_number_are_two_events(postmark: Postmark) -> None:
    peer, provider = postmark
    bounce, complaint = (
        read(provider, peer.webhook(peer.event(peer.mails[0], record, ID=7, Type=kind)))[0]
        for record, kind in (("Bounce", "HardBounce"), ("SpamComplaint", "SpamComplaint"))
    )
    assert bounce.event_id != complaint.event_id


@pytest.mark.parametrize("secret", ["events:wrong", "events", "", "another:s3cret", WEBHOOK_SECRET + "x"])
def test_what_comes_to_postmarks_webhook_without_the_password_is_forged(postmark: Postmark, secret: str) -> None:
    peer, provider = postmark
    with pytest.raises(ForgedWebhookError):
        read(provider, peer.webhook(peer.event(peer.mails[0], "Open"), secret))


@pytest.mark.parametrize("authorization", [None, "", "Basic", "Basic %%%", "Bearer x", "Basic żółć", "\0"])
def test_a_header_that_is_no_password_is_forged(postmark: Postmark, authorization: str | None) -> None:
    peer, provider = postmark
    right = peer.webhook(peer.event(peer.mails[0], "Open"))
    headers = {"content-type": "application/json"}
    if authorization is not None:
        headers["authorization"] = authorization
    with pytest.raises(ForgedWebhookError):
        read(provider, dataclasses.replace(right, headers=headers))


@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"[]", b"{}", b"[" * 5_000, b"NaN", b'{"RecordType": []}'])
def test_a_body_with_the_password_in_no_known_form_tells_nothing(postmark: Postmark, body: bytes) -> None:
    peer, provider = postmark
    assert read(provider, peer.webhook(body)) == []


# Mailgun


def test_an_event_of_mailgun_brings_back_the_attempt_and_everything_that_was_told(mailgun: Mailgun) -> None:
    peer, provider = mailgun
    status = {"code": 250, "message": "OK", "description": ""}
    report = peer.event(peer.mails[0], "delivered", AT.timestamp(), **{"delivery-status": status})
    [event] = read(provider, peer.webhook(report, NOW.timestamp()))
    assert dataclasses.replace(event, raw={}, event_id="") == Event(
        event_id="",
        kind=EventKind.DELIVERED,
        occurred_at=AT,
        attempt_id="5-1",
        address="ann@example.com",
        provider_message_id=peer.mails[0].message_id,
        detail="OK",
    )
    assert event.raw == {"type": "delivered", "reject_reason": ""}


@pytest.mark.parametrize(
    ("name", "further", "kind"),
    [
        ("opened", {}, EventKind.OPENED),
        ("clicked", {"url": "https://x.example/"}, EventKind.CLICKED),
        ("failed", {"severity": "permanent", "reason": "bounce"}, EventKind.HARD_BOUNCED),
        ("failed", {"severity": "permanent", "reason": "suppress-bounce"}, EventKind.HARD_BOUNCED),
        ("failed", {"severity": "permanent", "reason": "old"}, EventKind.SOFT_BOUNCED),
        ("failed", {"severity": "permanent", "reason": "espblock"}, EventKind.SOFT_BOUNCED),
        ("failed", {"severity": "temporary", "reason": "generic"}, EventKind.DELAYED),
        ("rejected", {"reject": {"reason": "Sandbox subdomains are for test purposes only."}}, EventKind.FAILED),
        ("complained", {}, EventKind.COMPLAINED),
        ("unsubscribed", {}, EventKind.UNSUBSCRIBED),
    ],
)
def test_what_each_event_of_mailgun_means(
    mailgun: Mailgun, name: str, further: dict[str, Any], kind: EventKind
) -> None:
    peer, provider = mailgun
    [event] = read(provider, peer.webhook(peer.event(peer.mails[0], name, AT.timestamp(), **further), NOW.timestamp()))
    assert (event.kind, event.attempt_id) == (kind, "5-1")


def test_an_event_of_mailgun_that_is_signed_anew_is_the_same_event(mailgun: Mailgun) -> None:
    peer, provider = mailgun
    report = peer.event(peer.mails[0], "opened", AT.timestamp())
    other = peer.event(peer.mails[0], "opened", AT.timestamp())
    [first], [again] = (read(provider, peer.webhook(report, NOW.timestamp(), token=token)) for token in ("a", "b"))
    [another] = read(provider, peer.webhook(other, NOW.timestamp()))
    assert first.event_id == again.event_id != another.event_id


@pytest.mark.parametrize(
    "forge",
    [
        lambda peer, report: peer.webhook(report, NOW.timestamp(), key="another"),
        lambda peer, report: _edited(
            peer.webhook(report, NOW.timestamp()), b'"timestamp": "179543', b'"timestamp": "179542'
        ),
        lambda peer, report: _edited(peer.webhook(report, NOW.timestamp()), b'"token": "a8', b'"token": "b8'),
        lambda peer, report: _edited(
            peer.webhook(report, NOW.timestamp()), b'"signature": {', b'"signature": 5, "x": {'
        ),
        lambda peer, report: dataclasses.replace(peer.webhook(report, NOW.timestamp()), body=b"{}"),
        lambda peer, report: dataclasses.replace(peer.webhook(report, NOW.timestamp()), headers={}),
    ],
)
def test_what_mailgun_has_not_signed_is_forged(
    mailgun: Mailgun, forge: Callable[[MailgunStandIn, dict[str, Any]], Webhook]
) -> None:
    peer, provider = mailgun
    with pytest.raises(ForgedWebhookError):
        read(provider, forge(peer, peer.event(peer.mails[0], "opened", AT.timestamp())))


def test_a_signature_of_mailgun_does_for_the_day_of_retries_and_no_longer(mailgun: Mailgun) -> None:
    peer, provider = mailgun
    report, second = peer.event(peer.mails[0], "opened", AT.timestamp()), timedelta(seconds=1)
    for age in (timedelta(0), timedelta(hours=25), timedelta(minutes=-5)):
        assert read(provider, peer.webhook(report, (NOW - age).timestamp()))
    for age in (timedelta(hours=25) + second, timedelta(minutes=-5) - second):
        with pytest.raises(ForgedWebhookError):
            read(provider, peer.webhook(report, (NOW - age).timestamp()))


def _edited(webhook: Webhook, old: bytes, new: bytes) -> Webhook:
    assert old in webhook.body
    return dataclasses.replace(webhook, body=webhook.body.replace(old, new))


# All


_WORDS = sorted(
    {"event", "RecordType", "Type", "Bounce", "HardBounce", "event-data", "failed", "severity", "reason", "email"}
    | {"type", "data", "tags", "Metadata", "msys", "message_event", "timestamp", "ts", "msg", "payload", "status"}
    | {"email.bounced", "hard_bounce", "delivered", "bounce", "Delivery", "activity", "Payload", "recipient", "\ud800"}
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=6),
    max_leaves=20,
)


@settings(deadline=None)
@given(esp=st.sampled_from(sorted(set(WIRES) - {"scaleway", "mailgun"})), report=_JSON)
def test_no_json_is_too_odd_to_be_read(esp: str, report: Any) -> None:
    for event in wired_account(esp).read_webhook(WIRES[esp].sign(report), NOW).events:
        assert event.event_id
        assert event.occurred_at.tzinfo is not None
