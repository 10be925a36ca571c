"""SMS and WhatsApp by Twilio: what is sent, and what ends a batch, against a stand-in that speaks its wire format."""

import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from channels.providers import http_connections
from channels.providers.base import Result, Scope
from channels.rendering import compile_variant
from contacts.channel import Channel
from tests.support.channels.batches import ACCEPTED, PERMANENT, THROTTLED, outcomes
from tests.support.channels.invitations import SMS, invitation
from tests.support.channels.twilio_account import (
    CONTENT,
    CREDENTIALS,
    SENDER,
    SERVICE,
    WEBHOOK_URL,
    Connect,
    Serve,
    form_of,
    number,
    people,
)
from tests.support.standins.server import Fault
from tests.support.standins.twilio import ACCOUNT_SID

# What is sent


def test_an_sms_is_one_request_with_our_id_in_its_callback(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    [result] = connect_twilio(peer).send_batch(
        [invitation(number(1), variant=SMS, values={"contact:firstName": "Zoë 👍"})]
    )
    [request] = peer.seen
    assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form_of(request) == {
        "To": number(1),
        "From": SENDER,
        "Body": "Zoë 👍, answer: https://surveys.example/p/1",
        "StatusCallback": f"{WEBHOOK_URL}/1-1",
    }
    assert result == Result(ACCEPTED, peer.messages[0].sid, "201", "queued")


def test_a_messaging_service_chooses_the_sender(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    [result] = connect_twilio(peer, **{"from": None}, messagingServiceSid=SERVICE).send_batch(people(1))
    form = form_of(peer.seen[0])
    assert (form["MessagingServiceSid"], "From" in form) == (SERVICE, False)
    assert (result.outcome, result.detail) == (ACCEPTED, "accepted")


def test_a_message_lives_as_long_in_the_queue_as_the_account_says(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    connect_twilio(peer, validityPeriodSeconds=3600).send_batch(people(1))
    assert form_of(peer.seen[0])["ValidityPeriod"] == "3600"


def test_without_an_address_of_ours_no_callback_is_asked_for(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    assert outcomes(connect_twilio(peer, webhook_url="").send_batch(people(1))) == [ACCEPTED]
    assert "StatusCallback" not in form_of(peer.seen[0])


def test_whatsapp_takes_a_text_from_number_to_number(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    assert outcomes(connect_twilio(peer, channel=Channel.WHATSAPP).send_batch(people(1))) == [ACCEPTED]
    form = form_of(peer.seen[0])
    assert (form["To"], form["From"]) == (f"whatsapp:{number(1)}", f"whatsapp:{SENDER}")
    assert form["Body"] == "friend, answer: https://surveys.example/p/1"


def test_whatsapp_takes_a_template_with_variables_instead_of_our_text(
    serve_twilio: Serve, connect_twilio: Connect
) -> None:
    peer = serve_twilio()
    provider = connect_twilio(
        peer,
        channel=Channel.WHATSAPP,
        contentSid=CONTENT,
        contentVariables={"1": "${contact:firstName|there}", "link": "${link}"},
    )
    messages = [
        invitation(number(1), number=1, variant=SMS, values={"contact:firstName": 'Zoë "Z"\n\n\tLee'}),
        invitation(number(2), number=2, variant=SMS),
    ]
    assert outcomes(provider.send_batch(messages)) == [ACCEPTED, ACCEPTED]
    forms = {sent.to: sent.form for sent in peer.messages}
    first, second = (forms[f"whatsapp:{number(n)}"] for n in (1, 2))
    # WhatsApp refuses line breaks and tabs.
    assert json.loads(first["ContentVariables"]) == {"1": 'Zoë "Z" Lee', "link": "https://surveys.example/p/1"}
    assert json.loads(second["ContentVariables"])["1"] == "there"
    assert (first["ContentSid"], "Body" in first) == (CONTENT, False)


def test_a_template_without_variables_is_sent_without_them(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    connect_twilio(peer, channel=Channel.WHATSAPP, contentSid=CONTENT).send_batch(people(1))
    assert "ContentVariables" not in form_of(peer.seen[0])


def test_it_names_the_values_that_its_variables_need(connect_twilio: Connect) -> None:
    variables = {"1": "${contact:firstName|there} ${contact:city}", "2": "${link}", "3": "Hi"}
    provider = connect_twilio("http://peer.example", contentSid=CONTENT, contentVariables=variables)
    assert provider.value_keys == {"contact:firstName", "contact:city", "link"}
    assert connect_twilio("http://peer.example").value_keys == set()


def test_an_empty_batch_has_no_results(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    assert connect_twilio(peer).send_batch([]) == []
    assert peer.connections == 0


def test_a_text_that_is_too_long_or_empty_is_refused_by_twilio(serve_twilio: Serve, connect_twilio: Connect) -> None:
    provider = connect_twilio(serve_twilio())
    for text, code in (("x" * 1601, "21617"), ("", "21602")):
        [result] = provider.send_batch([invitation(number(1), variant=compile_variant("en", "", "", text))])
        assert (result.outcome, result.scope, result.code) == (PERMANENT, Scope.CONTENT, code)


# Many at a time


def test_results_come_in_the_order_of_the_messages(serve_twilio: Serve, connect_twilio: Connect) -> None:
    codes = {number(2): 21211, number(5): 21610, number(9): 30007}
    results = connect_twilio(serve_twilio(codes=codes)).send_batch(people(10))
    expected = {2: (PERMANENT, Scope.RECIPIENT), 5: (PERMANENT, Scope.RECIPIENT), 9: (PERMANENT, Scope.CONTENT)}
    assert [(result.outcome, result.scope) for result in results] == [
        expected.get(n, (ACCEPTED, None)) for n in range(1, 11)
    ]
    assert [results[n - 1].code for n in (1, 2, 5, 9)] == ["201", "21211", "21610", "30007"]
    assert [result.opted_out for result in results] == [n == 5 for n in range(1, 11)]


def test_each_message_gets_its_own_sid(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    results = connect_twilio(peer).send_batch(people(64))
    sids = {sent.attempt_id: sent.sid for sent in peer.messages}
    assert [result.provider_message_id for result in results] == [sids[f"{n}-1"] for n in range(1, 65)]


def test_as_many_requests_go_at_a_time_as_the_account_says(serve_twilio: Serve, connect_twilio: Connect) -> None:
    """Requests wait for each other at the server, so exactly this many must arrive at the same time."""
    together = threading.Barrier(4)

    def meet() -> None:
        together.wait(timeout=20)

    peer = serve_twilio()
    peer.on_request = meet
    provider = connect_twilio(peer, concurrency=4)
    assert outcomes(provider.send_batch(people(16))) == [ACCEPTED] * 16
    assert peer.connections == 4


def test_all_batches_go_over_the_same_connections(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    provider = connect_twilio(peer, concurrency=2)
    for _ in range(5):
        assert outcomes(provider.send_batch(people(8))) == [ACCEPTED] * 8
    assert peer.connections <= 2


def test_connections_that_the_server_closed_are_not_used_again(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    provider = connect_twilio(peer, concurrency=1)
    provider.send_batch(people(1))
    peer.cut_connections()
    assert outcomes(provider.send_batch(people(3))) == [ACCEPTED] * 3
    assert (peer.connections, len(peer.messages)) == (2, 4)


def test_connections_that_were_idle_for_too_long_are_not_used_again(
    serve_twilio: Serve, connect_twilio: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = serve_twilio()
    provider = connect_twilio(peer, concurrency=1)
    provider.send_batch(people(1))
    monkeypatch.setattr(http_connections, "IDLE_SECONDS", 0.0)
    assert outcomes(provider.send_batch(people(1))) == [ACCEPTED]
    assert peer.connections == 2


def test_it_can_be_used_after_it_was_closed(serve_twilio: Serve, connect_twilio: Connect) -> None:
    provider = connect_twilio(serve_twilio())
    provider.send_batch(people(1))
    provider.close()
    provider.close()
    assert outcomes(provider.send_batch(people(1))) == [ACCEPTED]


# What ends a batch


def test_a_429_throttles_all_that_have_not_begun(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio(retry_after="7")
    peer.next_faults.extend([None, Fault.THROTTLED])
    results = connect_twilio(peer, concurrency=1).send_batch(people(20))
    assert outcomes(results) == [ACCEPTED] + [THROTTLED] * 19
    assert {(result.code, result.retry_after_seconds) for result in results[1:]} == {("20429", 7.0)}
    assert (peer.requests, len(peer.messages)) == (2, 1)


def test_the_batch_after_a_429_is_tried_again(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    provider = connect_twilio(peer, concurrency=1)
    peer.next_faults.append(Fault.THROTTLED)
    assert outcomes(provider.send_batch(people(2))) == [THROTTLED] * 2
    assert outcomes(provider.send_batch(people(2))) == [ACCEPTED] * 2


@pytest.mark.parametrize(
    ("header", "seconds"), [("", None), ("0", 0.0), ("12", 12.0), ("soon", None), ("-5", None), ("1e9", None)]
)
def test_a_pause_is_what_retry_after_says(
    serve_twilio: Serve, connect_twilio: Connect, header: str, seconds: float | None
) -> None:
    peer = serve_twilio(retry_after=header)
    peer.next_faults.append(Fault.THROTTLED)
    [result] = connect_twilio(peer).send_batch(people(1))
    assert (result.outcome, result.retry_after_seconds) == (THROTTLED, seconds)


def test_a_pause_can_be_a_date() -> None:
    now = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    for minutes, seconds in ((1, 60.0), (-1, 0.0)):
        date = format_datetime(now + timedelta(minutes=minutes), usegmt=True)
        assert http_connections.read_retry_after(date, now) == seconds
    assert http_connections.read_retry_after("Sun, 29 Mar 2026 01:31:00", now) == 60.0
    assert http_connections.read_retry_after("Sun, 99 Mar 2026 01:31:00 GMT", now) is None


def test_a_full_queue_of_the_sender_is_a_pause_too(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio(codes={number(1): 21611})
    results = connect_twilio(peer, concurrency=1).send_batch(people(3))
    assert [(result.outcome, result.code) for result in results] == [(THROTTLED, "21611")] * 3
    assert peer.requests == 1


def test_a_full_day_is_a_long_pause_unless_twilio_says_how_long(serve_twilio: Serve, connect_twilio: Connect) -> None:
    for header, seconds in (("", 3600), ("60", 60)):
        peer = serve_twilio(codes={number(1): 63038}, retry_after=header)
        [result] = connect_twilio(peer).send_batch(people(1))
        assert (result.outcome, result.retry_after_seconds) == (THROTTLED, seconds)


def test_a_suspended_account_is_asked_once_and_burns_nothing(serve_twilio: Serve, connect_twilio: Connect) -> None:
    peer = serve_twilio()
    peer.is_suspended = True
    provider = connect_twilio(peer, concurrency=1)
    results = provider.send_batch(people(20))
    assert {(result.outcome, result.scope, result.code) for result in results} == {(PERMANENT, Scope.ACCOUNT, "20003")}
    assert (len(results), peer.requests) == (20, 1)
    peer.is_suspended = False
    assert outcomes(provider.send_batch(people(2))) == [ACCEPTED] * 2


def test_a_wrong_token_is_a_fault_of_the_account(serve_twilio: Serve, connect_twilio: Connect) -> None:
    [result] = connect_twilio(serve_twilio(), credentials={**CREDENTIALS, "auth_token": "wrong"}).send_batch(people(1))
    assert (result.outcome, result.scope, result.code) == (PERMANENT, Scope.ACCOUNT, "20003")
    assert result.detail == "Authentication Error - invalid username"


def test_a_fault_of_one_message_ends_nothing(serve_twilio: Serve, connect_twilio: Connect) -> None:
    """21408: the account may not send to this message's country."""
    results = connect_twilio(serve_twilio(codes={number(1): 21408}), concurrency=1).send_batch(people(3))
    assert outcomes(results) == [PERMANENT, ACCEPTED, ACCEPTED]
    assert results[0].scope is Scope.RECIPIENT
