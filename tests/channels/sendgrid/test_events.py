"""SendGrid's signed event webhook: which events are trusted, and what they mean."""

import dataclasses
from base64 import b64encode
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.events import Event, EventKind, ForgedWebhookError, Webhook
from channels.providers.base import Provider
from channels.providers.sendgrid.events import EVENT_KINDS, read_events
from channels.providers.sendgrid.provider import SendGrid
from tests.support.channels.invitations import invitation
from tests.support.channels.sendgrid_account import sendgrid_account, serving
from tests.support.standins.sendgrid import SendGridStandIn

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

Peer = tuple[SendGridStandIn, SendGrid]


@pytest.fixture(scope="module")
def peer() -> Generator[Peer]:
    """A stand-in that took one mail, and its provider."""
    with serving() as (stand_in, provider):
        provider.send_batch([invitation("Ann@Example.com", number=5)])
        yield stand_in, provider


def tell(peer: Peer, name: str, **further: Any) -> Event:
    """Return the event that is read from a signed report about the mail."""
    stand_in, provider = peer
    report = stand_in.event(stand_in.mails[0], name, NOW.timestamp() - 30, **further)
    [event] = provider.read_webhook(stand_in.webhook([report], NOW.timestamp()), NOW).events
    return event


def test_an_event_brings_back_the_attempt_and_what_may_be_kept(peer: Peer) -> None:
    told = {"response": "250 2.0.0 OK 1461095248 m143si - gsmtp ", "tls": 1, "ip": "167.89.17.173"}
    event = tell(peer, "delivered", **told, useragent="Mozilla/5.0", url="https://x.example/p/Xk3vQ9bTz1Lm")
    assert event.raw["tls"] == 1
    assert not event.raw.keys() & {"ip", "useragent", "url", "email", "response", "group_id"}
    assert dataclasses.replace(event, raw={}) == Event(
        event_id=event.raw["sg_event_id"],
        kind=EventKind.DELIVERED,
        occurred_at=NOW - timedelta(seconds=30),
        attempt_id="5-1",
        address="ann@example.com",
        provider_message_id="standin-000001",
        detail="250 2.0.0 OK 1461095248 m143si - gsmtp",
    )


@pytest.mark.parametrize(
    ("name", "further", "kind", "code", "detail"),
    [
        ("processed", {}, EventKind.SENT, "", ""),
        ("deferred", {"response": "400 later", "attempt": "5"}, EventKind.DELAYED, "", "400 later"),
        ("open", {"useragent": "Mozilla/5.0", "ip": "255.255.255.255"}, EventKind.OPENED, "", ""),
        ("click", {"url": "https://x.example/", "url_offset": {"index": 0, "type": "html"}}, EventKind.CLICKED, "", ""),
        (
            "bounce",
            {"status": "5.1.1", "type": "bounce", "reason": "550 5.1.1 No such\r\nuser."},
            EventKind.HARD_BOUNCED,
            "5.1.1",
            "550 5.1.1 No such user.",
        ),
        ("bounce", {"type": "bounce"}, EventKind.HARD_BOUNCED, "bounce", ""),
        ("bounce", {"status": "5.7.1", "type": "blocked", "reason": "spam"}, EventKind.SOFT_BOUNCED, "5.7.1", "spam"),
        ("bounce", {"type": "blocked", "reason": "no MX"}, EventKind.SOFT_BOUNCED, "blocked", "no MX"),
        ("bounce", {"status": "4.2.2", "type": "bounce"}, EventKind.SOFT_BOUNCED, "4.2.2", ""),
        ("dropped", {"reason": "Invalid SMTPAPI header"}, EventKind.DROPPED, "", "Invalid SMTPAPI header"),
        ("dropped", {"reason": "Spam Content"}, EventKind.DROPPED, "", "Spam Content"),
        ("dropped", {}, EventKind.DROPPED, "", ""),
        ("spamreport", {}, EventKind.COMPLAINED, "", ""),
        ("unsubscribe", {}, EventKind.UNSUBSCRIBED, "", ""),
        ("group_unsubscribe", {"asm_group_id": 10}, EventKind.UNSUBSCRIBED, "", ""),
    ],
)  # fmt: skip
def test_what_each_event_means(
    peer: Peer, name: str, further: dict[str, Any], kind: EventKind, code: str, detail: str
) -> None:
    event = tell(peer, name, **further)
    assert (event.kind, event.code, event.detail) == (kind, code, detail)


@pytest.mark.parametrize(
    ("reason", "earlier"),
    [
        ("Bounced Address", EventKind.HARD_BOUNCED),
        ("Invalid", EventKind.HARD_BOUNCED),
        ("Unsubscribed Address", EventKind.UNSUBSCRIBED),
        (" spam reporting address", EventKind.COMPLAINED),
    ],
)
def test_a_drop_tells_of_the_message_that_it_never_left_and_of_the_address_why(
    peer: Peer, reason: str, earlier: EventKind
) -> None:
    stand_in, provider = peer
    report = stand_in.event(stand_in.mails[0], "dropped", NOW.timestamp(), reason=reason, status="5.0.0")
    dropped, of_address = provider.read_webhook(stand_in.webhook([report], NOW.timestamp()), NOW).events
    assert (dropped.kind, dropped.event_id, dropped.attempt_id) == (EventKind.DROPPED, report["sg_event_id"], "5-1")
    assert (of_address.kind, of_address.attempt_id, of_address.address) == (earlier, "", "ann@example.com")
    assert of_address.event_id not in ("", dropped.event_id)


def test_every_kind_in_the_table_is_told_under_its_name(peer: Peer) -> None:
    assert {name: tell(peer, name).kind for name in EVENT_KINDS} == EVENT_KINDS


@pytest.mark.parametrize("machine", [True, False])
def test_an_open_by_a_machine_is_marked(peer: Peer, machine: bool) -> None:
    assert tell(peer, "open", sg_machine_open=machine).is_machine is machine


@pytest.mark.parametrize(
    "odd",
    [
        {"pool": {"id": "pool-7", "name": "marketing"}},
        {"pool": {"id": 7}, "category": "cat facts"},
        {"category": ["cat", "facts"]},
        {"newsletter": {"newsletter_user_list_id": "10557865"}},
        {"sg_message_id": None, "smtp-id": 5},
        {"sg_machine_open": "yes", "tls": "1", "reason": ["x"], "status": 5, "type": {}},
    ],
)
def test_fields_of_odd_types_change_nothing(peer: Peer, odd: dict[str, Any]) -> None:
    event = tell(peer, "delivered", **odd)
    assert (event.kind, event.attempt_id, event.is_machine) == (EventKind.DELIVERED, "5-1", False)


@pytest.mark.parametrize("name", ["account_status_change", "machine_opened", "", None, 5, ["open"]])
def test_events_that_mean_nothing_here_are_passed_over(peer: Peer, name: Any) -> None:
    stand_in, provider = peer
    report = [{"event": name, "email": "ann@example.com"}, stand_in.event(stand_in.mails[0], "open", NOW.timestamp())]
    events = provider.read_webhook(stand_in.webhook(report, NOW.timestamp()), NOW).events
    assert [event.kind for event in events] == [EventKind.OPENED]


@pytest.mark.parametrize("lost", [{}, {"attempt_id": None}, {"attempt_id": 5}])
def test_without_our_id_the_address_says_who(lost: dict[str, Any]) -> None:
    report = {"event": "bounce", "email": "Ann@Example.COM", "sg_event_id": "x", "timestamp": 1461095250, **lost}
    [event] = read_events(orjson.dumps([report]), NOW)
    assert (event.attempt_id, event.address, event.provider_message_id) == ("", "ann@example.com", "")


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("wrfRRvF7Q0GgwUo2CvDmEA.filter0425p1mdw1.13037.57168B4A1D.0", "wrfRRvF7Q0GgwUo2CvDmEA"),
        ("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "14c5d75ce93.dfd.64b469"),
        ("euo2iKxdSayPF4YE4--I7A.recvd-5f54b5d587-pczjm-1-67BADEEA-6.0", "euo2iKxdSayPF4YE4--I7A"),
        ("filter0093p1las1.9128.5717FB8127.0", "filter0093p1las1.9128.5717FB8127.0"),
    ],
)
def test_the_message_id_is_that_of_the_answer_to_the_request(report: str, expected: str) -> None:
    [event] = read_events(orjson.dumps([{"event": "open", "sg_message_id": report}]), NOW)
    assert event.provider_message_id == expected


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1461095250, datetime(2016, 4, 19, 19, 47, 30, tzinfo=UTC)),
        ("1461095250", datetime(2016, 4, 19, 19, 47, 30, tzinfo=UTC)),
        (1461095250.5, datetime(2016, 4, 19, 19, 47, 30, 500_000, tzinfo=UTC)),
        (None, NOW),
        ("yesterday", NOW),
        (10**18, NOW),
        ([], NOW),
    ],
)
def test_a_moment_that_is_not_told_is_now(timestamp: Any, expected: datetime) -> None:
    [event] = read_events(orjson.dumps([{"event": "open", "timestamp": timestamp}]), NOW)
    assert event.occurred_at == expected


def test_an_event_without_an_id_has_the_same_one_whenever_it_is_told() -> None:
    report = {"event": "open", "email": "ann@example.com", "timestamp": 1}
    [first] = read_events(orjson.dumps([report]), NOW)
    [again, other] = read_events(orjson.dumps([dict(reversed(report.items())), report | {"timestamp": 2}]), NOW)
    assert first.event_id == again.event_id
    assert other.event_id not in ("", first.event_id)


# Signatures


def _without(webhook: Webhook, name: str) -> Webhook:
    return dataclasses.replace(webhook, headers={k: v for k, v in webhook.headers.items() if k != name})


def _with(webhook: Webhook, name: str, value: str) -> Webhook:
    return dataclasses.replace(webhook, headers={**webhook.headers, name: value})


@pytest.mark.parametrize(
    "forge",
    [
        lambda hook: _without(hook, SIGNATURE),
        lambda hook: _without(hook, TIMESTAMP),
        lambda hook: _with(hook, SIGNATURE, ""),
        lambda hook: _with(hook, SIGNATURE, "%%% no base64"),
        lambda hook: _with(hook, SIGNATURE, "żółć"),
        lambda hook: _with(hook, SIGNATURE, hook.headers[SIGNATURE][:-4]),
        lambda hook: _with(hook, SIGNATURE, b64encode(b"no signature").decode()),
        lambda hook: _with(hook, SIGNATURE, b64encode(b"\x30\x06\x02\x01\x00\x02\x01\x00").decode()),
        lambda hook: _with(hook, TIMESTAMP, str(int(hook.headers[TIMESTAMP]) + 1)),
        lambda hook: _with(hook, TIMESTAMP, "now"),
        lambda hook: _with(hook, TIMESTAMP, "9" * 400),
        lambda hook: _with(hook, TIMESTAMP, "\ud800"),
        lambda hook: _with(hook, TIMESTAMP, "nan"),
        lambda hook: dataclasses.replace(hook, body=hook.body.rstrip()),
        lambda hook: dataclasses.replace(hook, body=hook.body.replace(b"\r\n", b"\n")),
        lambda hook: dataclasses.replace(hook, body=b""),
        lambda hook: dataclasses.replace(hook, headers={}),
    ],
)
def test_what_is_not_signed_as_it_stands_is_forged(peer: Peer, forge: Any) -> None:
    stand_in, provider = peer
    hook = stand_in.webhook([stand_in.event(stand_in.mails[0], "open", NOW.timestamp())], NOW.timestamp())
    assert provider.read_webhook(hook, NOW).events
    with pytest.raises(ForgedWebhookError):
        provider.read_webhook(forge(hook), NOW)


def test_a_signature_by_another_account_is_forged(peer: Peer) -> None:
    another = SendGridStandIn()
    with pytest.raises(ForgedWebhookError):
        peer[1].read_webhook(another.sign(b"[]", NOW.timestamp()), NOW)


@pytest.mark.parametrize("configuration", [{}, {"webhookPublicKey": "x"}, {"webhookPublicKey": None}])
def test_without_the_accounts_key_nothing_is_believed(peer: Peer, configuration: Mapping[str, Any]) -> None:
    provider: Provider = sendgrid_account(dict(configuration))
    with pytest.raises(ForgedWebhookError):
        provider.read_webhook(peer[0].sign(b"[]", NOW.timestamp()), NOW)


def test_what_was_signed_within_the_day_of_retries_is_believed_and_nothing_older_or_of_tomorrow(peer: Peer) -> None:
    stand_in, provider = peer
    second = timedelta(seconds=1)
    for age in (timedelta(hours=24), timedelta(hours=25), timedelta(0), timedelta(minutes=-5)):
        assert provider.read_webhook(stand_in.sign(b"[]", (NOW - age).timestamp()), NOW).events == ()
    for age in (timedelta(hours=25) + second, timedelta(minutes=-5) - second, timedelta(days=9_999)):
        with pytest.raises(ForgedWebhookError):
            provider.read_webhook(stand_in.sign(b"[]", (NOW - age).timestamp()), NOW)


def test_a_key_with_the_armour_of_a_pem_file_is_the_same_key(peer: Peer) -> None:
    stand_in, _ = peer
    lines = "\n".join(stand_in.public_key[start : start + 64] for start in range(0, len(stand_in.public_key), 64))
    armoured = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    assert SendGrid.configuration_faults({"webhookPublicKey": armoured}) == []
    provider = sendgrid_account({"webhookPublicKey": armoured})
    assert provider.read_webhook(stand_in.sign(b"[]", NOW.timestamp()), NOW).events == ()


def test_a_key_of_another_kind_is_a_fault() -> None:
    ed25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
    assert len(SendGrid.configuration_faults({"webhookPublicKey": ed25519})) == 1


# Bodies


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"null", b"{}", b'{"event":"open"}', b"[", b"[null, 5, [], \"x\", [[]]]", b"[" * 5_000, b"NaN"],
)  # fmt: skip
def test_a_signed_body_that_is_no_list_of_events_tells_nothing(peer: Peer, body: bytes) -> None:
    stand_in, provider = peer
    assert provider.read_webhook(stand_in.sign(body, NOW.timestamp()), NOW).events == ()


_NAMES = st.sampled_from(
    ["event", "email", "timestamp", "attempt_id", "sg_event_id", "sg_message_id", "status", "type", "reason", "pool"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from([*EVENT_KINDS, "blocked", "Invalid"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(report=st.lists(_JSON, max_size=4))
def test_no_json_is_too_odd_to_be_read(report: Any) -> None:
    for event in read_events(orjson.dumps(report), NOW):
        assert event.event_id
        assert any(isinstance(each, dict) and event.raw.items() <= each.items() for each in report)
