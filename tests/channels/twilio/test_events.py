"""Twilio's verified status callbacks and inbound messages."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.events import Event, EventKind, Webhook
from channels.providers.base import Account
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.support.channels.twilio_account import CREDENTIALS, SENDER, number
from tests.support.channels.twilio_account import WEBHOOK_URL as URL
from tests.support.standins.twilio import Sent, TwilioStandIn

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
SID = "SM" + "5" * 32
PEER = TwilioStandIn()
SENT = Sent(SID, {"To": number(1), "From": SENDER, "StatusCallback": f"{URL}/2a-1"})
ACCOUNT = Account(UUID(int=1), UUID(int=2), Channel.SMS, {"from": SENDER}, CREDENTIALS, URL)
ANN = number(1)


def read(webhook: Webhook, account: Account = ACCOUNT) -> tuple[Event, ...]:
    return Twilio(account).read_webhook(webhook, NOW).events


def summary(webhook: Webhook) -> list[tuple[EventKind, str]]:
    return [(event.kind, event.event_id) for event in read(webhook)]


# Status callbacks


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("accepted", EventKind.SENT),
        ("scheduled", EventKind.SENT),
        ("queued", EventKind.SENT),
        ("sending", EventKind.SENT),
        ("sent", EventKind.SENT),
        ("delivered", EventKind.DELIVERED),
        ("partially_delivered", EventKind.DELIVERED),
        ("read", EventKind.OPENED),
        ("undelivered", EventKind.SOFT_BOUNCED),
        ("failed", EventKind.FAILED),
        ("canceled", EventKind.FAILED),
    ],
)
def test_each_status_is_one_event(status: str, kind: EventKind) -> None:
    webhook = PEER.callback(SENT, status)
    [event] = read(webhook)
    assert dataclasses.replace(event, raw={}) == Event(
        event_id=f"{SID}:{status}",
        kind=kind,
        occurred_at=NOW,
        attempt_id="2a-1",
        address=ANN,
        provider_message_id=SID,
    )
    assert event.raw["MessageStatus"] == status


@pytest.mark.parametrize("status", ["undelivered", "failed"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("30005", EventKind.HARD_BOUNCED),
        ("30006", EventKind.HARD_BOUNCED),
        ("63024", EventKind.HARD_BOUNCED),
        ("30003", EventKind.SOFT_BOUNCED),
        ("30036", EventKind.SOFT_BOUNCED),
        ("30001", EventKind.SOFT_BOUNCED),
        ("30007", EventKind.FAILED),
        ("63016", EventKind.FAILED),
        ("30002", EventKind.FAILED),
        ("30034", EventKind.FAILED),
    ],
)
def test_a_failure_is_what_its_code_says(status: str, code: str, kind: EventKind) -> None:
    [event] = read(PEER.callback(SENT, status, code, ErrorMessage="Because."))
    assert (event.kind, event.code, event.detail) == (kind, code, "Because.")


@pytest.mark.parametrize("code", ["99999", "abc", "³"])
def test_an_unknown_code_says_no_more_than_the_status(code: str) -> None:
    assert summary(PEER.callback(SENT, "undelivered", code)) == [(EventKind.SOFT_BOUNCED, f"{SID}:undelivered")]
    assert summary(PEER.callback(SENT, "failed", code)) == [(EventKind.FAILED, f"{SID}:failed")]


def test_21610_fails_the_message_and_stops_the_person() -> None:
    failed, stopped = read(PEER.callback(SENT, "failed", "21610"))
    assert (failed.kind, failed.event_id) == (EventKind.FAILED, f"{SID}:failed")
    assert (stopped.kind, stopped.event_id) == (EventKind.STOPPED, f"{SID}:stopped")
    assert {failed.attempt_id, stopped.attempt_id} == {"2a-1"}
    assert stopped.address == ANN


def test_a_report_told_twice_is_the_same_event() -> None:
    assert read(PEER.callback(SENT, "delivered")) == read(PEER.callback(SENT, "delivered"))


def test_statuses_of_one_message_are_different_events() -> None:
    statuses = ("queued", "sent", "delivered", "read")
    assert len({read(PEER.callback(SENT, status))[0].event_id for status in statuses}) == len(statuses)


@pytest.mark.parametrize(
    ("url", "attempt_id"),
    [
        (f"{URL}/2a-1", "2a-1"),
        (f"{URL}/2a-1?x=1", "2a-1"),
        (f"{URL}/a%2Fb%20c", "a/b c"),
        (URL, ""),
        (f"{URL}7/2a-1", ""),
        ("https://another.example/webhooks/7/2a-1", ""),
    ],
)
def test_the_attempt_is_the_end_of_our_own_url(url: str, attempt_id: str) -> None:
    [event] = read(PEER.signed(url, {"MessageSid": SID, "MessageStatus": "sent", "To": ANN}))
    assert (event.attempt_id, event.address, event.provider_message_id) == (attempt_id, ANN, SID)


def test_an_account_that_has_no_address_of_its_own_knows_no_attempts() -> None:
    webhook = PEER.callback(SENT, "sent")
    [event] = read(webhook, dataclasses.replace(ACCOUNT, webhook_url=""))
    assert event.attempt_id == ""


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"MessageStatus": "delivered"},
        {"MessageSid": SID},
        {"MessageSid": SID, "MessageStatus": "receiving"},
        {"MessageSid": SID, "MessageStatus": "teleported"},
        {"CallSid": "CA1", "CallStatus": "completed"},
        {"MessageSid": SID, "MessageStatus": ""},
    ],
)
def test_what_means_nothing_to_us_is_no_event(form: Mapping[str, str]) -> None:
    assert read(PEER.signed(f"{URL}/2a-1", form)) == ()


# Inbound messages

STOP = ["STOP", "stop", " Stop \n", "STOPALL", "Unsubscribe", "CANCEL", "end", "quit", "Revoke", "OPTOUT"]
STOP += ["STOP it", "please stop", "STOP.", "opt out", "ＳＴＯＰ"]
START = ["START", "start", "Unstop", "yes", " YES\r\n"]
HELP = ["HELP", "info"]  # Twilio answers it
REPLY = ["", "no", "YES please"]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        *((body, [EventKind.STOPPED]) for body in STOP),
        *((body, [EventKind.STARTED]) for body in START),
        *((body, []) for body in HELP),
        *((body, [EventKind.REPLIED]) for body in REPLY),
    ],
)
def test_an_inbound_message_is_a_request_or_a_reply(body: str, kinds: list[EventKind]) -> None:
    assert [event.kind for event in read(PEER.inbound(URL, ANN, body))] == kinds


@pytest.mark.parametrize(
    ("opt_out_type", "body", "kinds"),
    [
        ("STOP", "ARRET", [EventKind.STOPPED]),
        ("START", "OUI", [EventKind.STARTED]),
        ("HELP", "AIDE", []),
        ("HELP", "STOP", []),
        ("START", "END", [EventKind.STARTED]),
    ],
)
def test_advanced_opt_out_knows_better(opt_out_type: str, body: str, kinds: list[EventKind]) -> None:
    events = read(PEER.inbound(URL, ANN, body, OptOutType=opt_out_type))
    assert [event.kind for event in events] == kinds


@pytest.mark.parametrize(
    ("sender", "address"),
    [(ANN, ANN), (f"whatsapp:{ANN}", ANN), ("whatsapp:US.1234", "whatsapp:US.1234"), ("24444", "24444")],
)
def test_a_wish_comes_from_an_address(sender: str, address: str) -> None:
    [event] = read(PEER.inbound(URL, sender, "STOP", 3))
    sid = f"SM{3:032x}"
    assert dataclasses.replace(event, raw={}) == Event(
        event_id=f"{sid}:stopped",
        kind=EventKind.STOPPED,
        occurred_at=NOW,
        address=address,
        provider_message_id=sid,
        detail="STOP",
    )
    assert event.raw["Body"] == "STOP"


def test_twilio_is_answered_with_twiml_that_sends_nothing() -> None:
    for webhook in (PEER.inbound(URL, ANN, "STOP"), PEER.inbound(URL, ANN, "Hello"), PEER.callback(SENT, "sent")):
        answer = Twilio(ACCOUNT).read_webhook(webhook, NOW)
        assert answer.body == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
        assert answer.content_type == "text/xml"


def test_what_is_kept_of_a_body_has_no_nul() -> None:
    [event] = read(PEER.inbound(URL, ANN, "STOP", **{"Num\0Media": "\0001", "ProfileName": "Ann", "FromCity": "Radom"}))
    assert event.raw["NumMedia"] == "1"
    assert not event.raw.keys() & {"From", "ProfileName", "FromCity", "WaId"}


@given(st.dictionaries(st.sampled_from(["MessageSid", "MessageStatus", "SmsStatus", "Body", "From", "To", "OptOutType",
                                        "ErrorCode"]), st.text(max_size=12)))  # fmt: skip
def test_nothing_that_is_signed_raises(form: dict[str, str]) -> None:
    assert all(event.event_id for event in read(PEER.signed(f"{URL}/2a-1", form)))
