"""What providers say, and what it means by their own documentation."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.events import EventKind
from channels.models import ProviderAccount
from channels.providers.base import Account, Outcome, Scope
from channels.providers.mime import message_id
from channels.providers.sendgrid.events import read_events
from channels.providers.twilio.codes import CODES
from channels.providers.twilio.events import _failure_kinds
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from contacts.models import ConsentEvent, Contact, Suppression
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.infrastructure.installation import read_installation_id
from distributor.engine.reports.timeline import timelines_of
from distributor.models import Installation, ProviderEvent
from tests.engine.conftest import Send
from tests.support.channels.invitations import invitation
from tests.support.engine.people import dispatch
from tests.support.engine.provider_events import event_of, recipient_of, report_events

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
Accounts = dict[Channel, ProviderAccount]


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("30004", [EventKind.FAILED]),  # https://www.twilio.com/docs/api/errors/30004: this message was blocked
        ("63032", [EventKind.FAILED]),  # Meta's experiment: https://support.twilio.com/hc/articles/17388935157915
        ("63049", [EventKind.FAILED]),  # https://www.twilio.com/docs/api/errors/63049: Meta chose not to deliver
        ("63014", [EventKind.FAILED, EventKind.STOPPED]),  # https://www.twilio.com/docs/api/errors/63014: blocked us
        ("21610", [EventKind.FAILED, EventKind.STOPPED]),  # https://www.twilio.com/docs/api/errors/21610: STOP
        ("30003", [EventKind.SOFT_BOUNCED]),  # https://www.twilio.com/docs/api/errors/30003: switched off
        ("30005", [EventKind.HARD_BOUNCED]),  # https://www.twilio.com/docs/api/errors/30005: unknown handset
        ("30006", [EventKind.HARD_BOUNCED]),  # https://www.twilio.com/docs/api/errors/30006: landline
        ("30007", [EventKind.FAILED]),  # https://www.twilio.com/docs/api/errors/30007: filtered
        ("30008", [EventKind.SOFT_BOUNCED]),  # https://www.twilio.com/docs/api/errors/30008: unknown
        ("63024", [EventKind.HARD_BOUNCED]),  # https://www.twilio.com/docs/api/errors/63024: invalid recipient
        ("21656", [EventKind.FAILED]),  # https://www.twilio.com/docs/api/errors/21656: our variables
    ],
)
def test_a_twilio_code_means_what_its_page_says(code: str, kinds: list[EventKind]) -> None:
    assert _failure_kinds("failed", code) == kinds


@pytest.mark.parametrize("code", [30004, 63032, 63049])
def test_a_message_that_was_blocked_closes_no_number(code: int) -> None:
    assert (CODES[code].outcome, CODES[code].scope, CODES[code].opted_out) == (Outcome.PERMANENT, Scope.CONTENT, False)


def bounce(**fields: Any) -> dict[str, Any]:
    return {"event": "bounce", "email": "ann@example.com", "timestamp": 1_795_435_200, "sg_event_id": "1", **fields}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        # https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event: type; RFC 3463 §2: class 4 is
        # transient; RFC 5321 §4.2.1: so is 4yz.
        ({"type": "expired"}, EventKind.SOFT_BOUNCED),
        ({"type": "expired", "reason": "unable to deliver in 72 h"}, EventKind.SOFT_BOUNCED),
        ({"type": "Expired", "status": "5.0.0"}, EventKind.SOFT_BOUNCED),
        ({"type": "blocked"}, EventKind.SOFT_BOUNCED),
        ({"type": "blocked", "reason": "unable to get mx info"}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": 450}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": 421}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": "452"}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": "4.2.2"}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": " 4.7.1"}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": 4.2}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "reason": "450 4.2.1 try again"}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": None, "reason": "421 too busy"}, EventKind.SOFT_BOUNCED),
        ({"type": "bounce", "status": "5.1.1", "reason": "450 is what the first server said"}, EventKind.HARD_BOUNCED),
        ({"type": "bounce", "status": 550}, EventKind.HARD_BOUNCED),
        ({"type": "bounce", "reason": "550 5.1.1 no such user"}, EventKind.HARD_BOUNCED),
        ({"type": "bounce", "reason": "4500 letters were too many"}, EventKind.HARD_BOUNCED),
        ({"type": "bounce", "status": True}, EventKind.HARD_BOUNCED),
        ({"type": "bounce"}, EventKind.HARD_BOUNCED),
    ],
)
def test_a_sendgrid_bounce_closes_an_address_only_if_it_says_so(fields: dict[str, Any], kind: EventKind) -> None:
    [event] = read_events(orjson.dumps([bounce(**fields)]), NOW)
    assert event.kind is kind


def test_the_code_of_a_status_that_is_a_number_is_kept() -> None:
    assert read_events(orjson.dumps([bounce(status=450)]), NOW)[0].code == "450"


GOOD = b'{"event":"delivered","sg_event_id":"%d","email":"ann@example.com"}'
BROKEN = [
    rb'{"event":"click","url":"\ud83d","sg_event_id":"9"}',  # half a surrogate pair: RFC 8259 §8.2
    rb'{"event":"click","url":"\ude00x","sg_event_id":"9"}',
    rb'{"event":"click","useragent":"a\udfffb"}',
    rb'{"event":"click","\ud800":1}',
    rb'{"event":"click","category":["a","\udbff"]}',
    rb'{"event":"click","sg_event_id":"\ud83d"}',
    b'{"event":"click","url":"\xff\xfe"}',  # no UTF-8: RFC 8259 §8.1
    b'{"event":"click","url":"\xc3"}',
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_broken_string_loses_that_event_only_and_loudly(
    broken: bytes, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    reports = [GOOD % 1, GOOD % 2]
    reports.insert(place, broken)
    events = read_events(b"[" + b",".join(reports) + b"]", NOW)
    assert [event.event_id for event in events] == ["1", "2"]
    assert "event_unreadable" in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"\xff", b"[" * 100_000, b"nonsense"])
def test_a_body_that_is_no_json_is_reported(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert read_events(body, NOW) == ()
    assert "events_unreadable" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["\ud83d", "a\udc00", {"deep": ["\ud800"]}, 2**70])
def test_no_provider_loses_more_than_the_event_that_cannot_be_stored(
    send: Send, accounts: Accounts, broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    accepted = send(1, Channel.EMAIL)
    dispatch()
    events = [
        event_of(accepted, EventKind.DELIVERED, event_id="1"),
        event_of(accepted, EventKind.CLICKED, event_id="2", raw={"url": broken}),
        event_of(accepted, EventKind.OPENED, event_id="3", raw={"url": "a\0b"}),
    ]
    report_events(accounts[Channel.EMAIL], *events)
    assert sorted(ProviderEvent.objects.values_list("event_id", flat=True)) == ["1", "3"]
    assert "event_unreadable" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "is_lifted"), [((0, 1), True), ((1, 0), False), ((0, 60), True), ((5, 4), False), ((2, 3), True)]
)
@pytest.mark.parametrize("is_reported_in_order", [True, False])
def test_subscribing_again_at_sendgrid_lifts_the_unsubscribe_there(
    send: Send, accounts: Accounts, minutes: tuple[int, int], is_lifted: bool, is_reported_in_order: bool
) -> None:
    """https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event: group_resubscribe."""
    accepted = send(1, Channel.EMAIL)
    dispatch()
    [resubscribe] = read_events(b'[{"event":"group_resubscribe","email":"Person0@example.com"}]', NOW)
    start = database_now()
    moments = [start + timedelta(minutes=minute) for minute in minutes]
    events = [
        event_of(accepted, EventKind.UNSUBSCRIBED, event_id="1", address=resubscribe.address, occurred_at=moments[0]),
        event_of(accepted, resubscribe.kind, event_id="2", address=resubscribe.address, occurred_at=moments[1]),
    ]
    for event in events if is_reported_in_order else reversed(events):
        report_events(accounts[Channel.EMAIL], event)
    contact = Contact.objects.get()
    assert (contact.opted_out_at is None, Suppression.objects.exists()) == (is_lifted, not is_lifted)
    assert ConsentEvent.objects.filter(what="opt_in").exists() is is_lifted


@pytest.mark.django_db
def test_subscribing_again_lifts_nothing_that_was_said_elsewhere(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.EMAIL)
    dispatch()
    now, address = database_now(), "person0@example.com"
    for number, kind in enumerate((EventKind.COMPLAINED, EventKind.UNSUBSCRIBED, EventKind.STARTED)):
        event = event_of(accepted, kind, event_id=str(number), address=address, occurred_at=now)
        report_events(accounts[Channel.EMAIL], event)
    assert Contact.objects.get().opted_out_at is not None
    assert set(Suppression.objects.values_list("reason", flat=True)) >= {"complaint"}


@pytest.mark.django_db
def test_the_providers_words_about_a_bounce_are_in_the_timeline(send: Send, accounts: Accounts) -> None:
    accepted = send(1, Channel.EMAIL)
    dispatch()
    words = "550 5.1.1 The email account that you tried to reach does not exist"
    event = event_of(accepted, EventKind.HARD_BOUNCED, code="5.1.1", detail=words)
    report_events(accounts[Channel.EMAIL], event)
    events = {event.kind: event for event in timelines_of([recipient_of(accepted)])[0].events}
    assert (events["hard_bounced"].detail, events["hard_bounced"].provider_text) == ("email 5.1.1", words)


@pytest.mark.django_db
def test_message_ids_of_two_installations_differ() -> None:
    """RFC 5322 §3.6.4: a Message-ID is globally unique. Attempts are numbered from 1 in every installation."""
    read_installation_id.cache_clear()
    first = read_installation_id()
    Installation.objects.all().delete()
    read_installation_id.cache_clear()
    second = read_installation_id()
    read_installation_id.cache_clear()
    messages = [invitation("ann@example.com", number=5, installation_id=code) for code in (first, second)]
    ids = {message_id(message) for message in messages}
    assert len(ids) == 2
    assert all(identity.endswith("@acme.example>") and " " not in identity for identity in ids)


@pytest.mark.parametrize("blank", ["", " ", "\n", "\u00a0", "\u200b", "\ufeff \t", "\u3000"])
def test_an_empty_content_variable_is_left_out_and_reported(blank: str, caplog: pytest.LogCaptureFixture) -> None:
    """https://www.twilio.com/docs/api/errors/21656: an empty value is refused, a missing one takes the sample."""
    configuration = {"contentSid": "HX1", "contentVariables": {"1": "${contact:firstName}", "2": "${link}"}}
    provider = Twilio(Account(UUID(int=1), UUID(int=2), Channel.WHATSAPP, configuration))
    for _ in range(2):
        message = invitation("+48600000000", values={"contact:firstName": blank, "link": "https://x.example/p/1"})
        variables = json.loads(provider._parameters(message)["content_variables"])
        assert variables == {"2": "https://x.example/p/1"}
    assert caplog.text.count("content_variable_left_out") == 1
