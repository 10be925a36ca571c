"""SendGrid's refusals: the messages that caused them are found, and all others are sent."""

import json
import socket
from collections.abc import Callable
from email.utils import formatdate
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers import http_connections
from channels.providers.base import Message, Outcome, Result, Scope, Sender
from channels.providers.sendgrid import transport as sendgrid_transport
from channels.providers.sendgrid.answers import Answer, judge
from channels.rendering import compile_variant
from tests.support.channels.batches import ACCEPTED, PERMANENT, THROTTLED, TRANSIENT, UNKNOWN, outcomes
from tests.support.channels.invitations import invitation
from tests.support.channels.sendgrid_account import sendgrid_account, serving
from tests.support.standins.sendgrid import API_KEY, SendGridStandIn
from tests.support.standins.server import Fault

NOW = 1_800_000_000.0
# More than the buffers of two sockets hold.
LARGE = compile_variant("en", "Hi", "", "x" * 25_000_000)


def people(count: int) -> list[Message]:
    return [invitation(f"p{number}@example.com", number=number) for number in range(count)]


def answer(status: int, *errors: tuple[str, str | None], **headers: str) -> Answer:
    """Return an answer in SendGrid's form. Underscores in header names become hyphens."""
    listed = [{"message": message, "field": field, "help": None} for message, field in errors]
    header_names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, header_names, json.dumps({"errors": listed}).encode())


# Culprits


@pytest.mark.parametrize(("how", "scope"), [("hidden", Scope.CONTENT), ("named", Scope.RECIPIENT)])
@pytest.mark.parametrize("culprits", [{0}, {63}, {31, 32}, {3, 4, 5, 50}, set(range(64))])
def test_culprits_are_refused_alone_and_all_others_get_their_mail_once(
    how: str, scope: Scope, culprits: set[int]
) -> None:
    batch = people(64)
    with serving(refused={batch[number].to: how for number in culprits}) as (peer, provider):
        results = provider.send_batch(batch)
    for number, result in enumerate(results):
        expected = (PERMANENT, scope) if number in culprits else (ACCEPTED, None)
        assert (result.outcome, result.scope) == expected
    received = [mail.to for mail in peer.mails]
    assert sorted(received) == sorted(message.to for n, message in enumerate(batch) if n not in culprits)


def test_a_hidden_culprit_among_a_thousand_costs_twenty_requests_and_a_named_one_a_second() -> None:
    batch = people(1_000)
    with serving(refused={batch[617].to: "hidden"}) as (peer, provider):
        assert outcomes(provider.send_batch(batch)).count(ACCEPTED) == 999
        assert peer.requests <= 1 + 2 * 10
    with serving(refused={batch[617].to: "named", batch[3].to: "named"}) as (peer, provider):
        assert outcomes(provider.send_batch(batch)).count(ACCEPTED) == 998
        assert peer.requests == 2


def test_a_sender_who_is_not_verified_is_refused_and_the_others_send_on() -> None:
    stranger = Sender("stranger@elsewhere.example")
    batch = [*people(3), invitation("ann@example.com", number=9, sender=stranger), invitation("eve@example.com")]
    with serving(verified_senders=["surveys@acme.example"]) as (peer, provider):
        results = provider.send_batch(batch)
    assert outcomes(results) == [ACCEPTED] * 3 + [PERMANENT, ACCEPTED]
    assert (results[3].scope, results[3].code) == (Scope.SENDER, "403")
    assert len(peer.mails) == 4


def test_a_content_that_is_refused_is_refused_for_all_at_once() -> None:
    with serving() as (peer, provider):
        results = provider.send_batch(
            [invitation(f"p{n}@example.com", variant=compile_variant("en", "Hi", "", "")) for n in range(50)]
        )
        assert peer.requests == 1
    assert {(result.outcome, result.scope) for result in results} == {(PERMANENT, Scope.CONTENT)}


# The account


@pytest.mark.parametrize(
    ("lock_out", "code"),
    [
        (lambda peer: setattr(peer, "api_key", "SG.new"), "401"),
        (lambda peer: setattr(peer, "is_forbidden", True), "403"),
    ],
)
def test_a_locked_account_is_found_out_by_one_request_and_nobody_is_burnt(
    lock_out: Callable[[SendGridStandIn], None], code: str
) -> None:
    batch = [invitation(f"p{n}@example.com", number=n, sender=Sender(f"s{n}@acme.example")) for n in range(5)]
    with serving() as (peer, provider):
        lock_out(peer)
        results = provider.send_batch(batch)
        assert (peer.requests, peer.mails) == (1, [])
        assert {(result.outcome, result.scope, result.code) for result in results} == {(PERMANENT, Scope.ACCOUNT, code)}
        peer.api_key, peer.is_forbidden = API_KEY, False
        assert outcomes(provider.send_batch(batch)) == [ACCEPTED] * 5


# Too fast, and lost answers


def test_a_throttled_request_stops_the_batch_until_the_limit_is_reset() -> None:
    batch = [invitation(f"p{n}@example.com", number=n, sender=Sender(f"s{n}@acme.example")) for n in range(4)]
    with serving(reset_in_seconds=30) as (peer, provider):
        peer.next_faults += [None, Fault.THROTTLED]
        results = provider.send_batch(batch)
        assert peer.requests == 2
    assert outcomes(results) == [ACCEPTED] + [THROTTLED] * 3
    assert all(29 <= (result.retry_after_seconds or 0) <= 31 for result in results[1:])


def test_a_lost_answer_leaves_its_own_request_in_doubt_and_no_other() -> None:
    batch = [*people(2), *(invitation("x@example.com", number=n, sender=Sender("s@acme.example")) for n in (7, 8))]
    for fault in (Fault.LOST_ANSWER, Fault.RESET_AFTER):
        with serving() as (peer, provider):
            peer.next_faults.append(fault)
            assert outcomes(provider.send_batch(batch)) == [UNKNOWN] * 2 + [ACCEPTED] * 2
            assert len(peer.mails) == 4


def test_a_reset_while_a_large_body_is_sent_cannot_have_been_a_request_which_is_made_again() -> None:
    with serving() as (peer, provider):
        peer.next_faults.append(Fault.RESET_BEFORE)
        [result] = provider.send_batch([invitation("ann@example.com", variant=LARGE)])
    assert (result.outcome, peer.requests, len(peer.mails)) == (ACCEPTED, 2, 1)


def test_a_second_reset_leaves_it_for_later() -> None:
    with serving() as (peer, provider):
        peer.next_faults += [Fault.RESET_BEFORE] * 2
        [result] = provider.send_batch([invitation("ann@example.com", variant=LARGE)])
    assert (result.outcome, peer.requests, peer.mails) == (TRANSIENT, 2, [])


def test_a_server_that_stops_reading_cannot_have_got_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid_transport, "CONNECT_SECONDS", 600.0)
    monkeypatch.setattr(sendgrid_transport, "READ_SECONDS", 0.2)
    monkeypatch.setattr(http_connections, "SEND_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider = sendgrid_account({"baseUrl": f"http://127.0.0.1:{listener.getsockname()[1]}"})
        [result] = provider.send_batch([invitation("ann@example.com", variant=LARGE)])
        provider.close()
    assert result.outcome is TRANSIENT


def test_with_faults_by_share_everybody_is_told_the_truth() -> None:
    shares = {Fault.THROTTLED: 0.1, Fault.LOST_ANSWER: 0.1, Fault.RESET_AFTER: 0.05, Fault.UNAVAILABLE: 0.05}
    with serving(shares=shares, refused={"p7@example.com": "hidden"}) as (peer, provider):
        waiting, last_outcomes = people(200), dict[str, Outcome]()
        random = Random(5)
        while waiting:
            batch = [waiting.pop() for _ in range(min(len(waiting), random.randint(1, 20)))]
            for message, result in zip(batch, provider.send_batch(batch), strict=True):
                last_outcomes[message.to] = result.outcome
                if result.outcome in (TRANSIENT, THROTTLED):
                    waiting.append(message)
        assert set(peer.faults) == set(shares)
    received = [mail.to for mail in peer.mails]
    assert len(received) == len(set(received))
    assert last_outcomes.pop("p7@example.com") in (PERMANENT, UNKNOWN)
    assert {to for to, outcome in last_outcomes.items() if outcome is ACCEPTED} <= set(received)
    assert set(last_outcomes.values()) == {ACCEPTED, UNKNOWN}


# The table


@pytest.mark.parametrize(
    ("given_answer", "size", "outcome", "scope", "ends_batch"),
    [
        (answer(200), 3, UNKNOWN, Scope.ACCOUNT, False),
        (answer(301), 3, PERMANENT, Scope.ACCOUNT, True),
        (answer(400, ("Bad Request", None)), 1, PERMANENT, Scope.CONTENT, False),
        (answer(400), 1, PERMANENT, Scope.CONTENT, False),
        (answer(400, ("No valid address.", "from.email")), 3, PERMANENT, Scope.SENDER, False),
        (answer(400, ("No valid address.", "reply_to.email")), 3, PERMANENT, Scope.SENDER, False),
        (answer(400, ("Too short", "content.0.value")), 3, PERMANENT, Scope.CONTENT, False),
        (answer(401, ("Maximum credits exceeded", None)), 3, PERMANENT, Scope.ACCOUNT, True),
        (answer(402), 3, PERMANENT, Scope.ACCOUNT, True),
        (answer(403, ("access forbidden", None)), 3, PERMANENT, Scope.ACCOUNT, True),
        (answer(403, ("The from address …", "from")), 3, PERMANENT, Scope.SENDER, False),
        (answer(403, ("… match a verified Sender Identity.", None)), 3, PERMANENT, Scope.SENDER, False),
        (answer(404), 3, PERMANENT, Scope.ACCOUNT, True),
        (answer(405), 3, PERMANENT, Scope.ACCOUNT, True),
        (answer(425), 3, TRANSIENT, Scope.ACCOUNT, False),
        (answer(408), 3, TRANSIENT, Scope.ACCOUNT, False),
        (answer(413), 1, PERMANENT, Scope.CONTENT, False),
        (answer(415), 3, PERMANENT, Scope.CONTENT, False),
        (answer(429), 3, THROTTLED, Scope.ACCOUNT, True),
        (answer(500), 3, UNKNOWN, Scope.ACCOUNT, False),
        (answer(502), 3, UNKNOWN, Scope.ACCOUNT, False),
        (answer(503), 3, TRANSIENT, Scope.ACCOUNT, True),
        (answer(504), 3, UNKNOWN, Scope.ACCOUNT, False),
    ],
)
def test_a_status_says_what_became_of_all(
    given_answer: Answer, size: int, outcome: Outcome, scope: Scope | None, ends_batch: bool
) -> None:
    verdict = judge(given_answer, size, NOW)
    assert verdict.result is not None
    assert (verdict.result.outcome, verdict.result.scope, verdict.ends_batch) == (outcome, scope, ends_batch)
    assert verdict.result.code == str(given_answer.status)


@pytest.mark.parametrize(
    ("field", "scope"),
    [
        ("personalizations.2.to.0.email", Scope.RECIPIENT),
        ("personalizations.2.to", Scope.RECIPIENT),
        ("personalizations.2.from.email", Scope.SENDER),
        ("personalizations.2.subject", Scope.CONTENT),
        ("personalizations.2.substitutions", Scope.CONTENT),
        ("personalizations.2", Scope.CONTENT),
    ],
)
def test_a_field_names_the_culprit_and_what_is_wrong_with_it(field: str, scope: Scope) -> None:
    verdict = judge(answer(400, ("Wrong.", field)), 3, NOW)
    assert verdict.culprits == {2: Result(PERMANENT, code="400", detail="Wrong.", scope=scope)}


@pytest.mark.parametrize(
    "field", ["personalizations.3.to", "personalizations", "personalizations.x.to", "Content", None]
)
def test_where_nobody_is_named_the_halves_are_tried(field: str | None) -> None:
    verdict = judge(answer(400, ("Wrong.", field)), 3, NOW)
    assert (verdict.result, verdict.culprits) == (None, {})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x_ratelimit_reset": str(int(NOW) + 12)}, 12.0),
        ({"x_ratelimit_reset": str(int(NOW) + 12), "retry_after": "99"}, 12.0),
        # The clocks differ by 100 s: the server's counts.
        ({"x_ratelimit_reset": str(int(NOW) + 112), "date": formatdate(NOW + 100, usegmt=True)}, 12.0),
        ({"x_ratelimit_reset": str(int(NOW) - 5)}, None),
        ({"x_ratelimit_reset": str(int(NOW) - 5), "retry_after": "3"}, 3.0),
        ({"x_ratelimit_reset": str(int(NOW * 1_000))}, 3_600.0),
        ({"x_ratelimit_reset": "soon", "retry_after": "nan"}, None),
        ({"x_ratelimit_reset": "inf"}, None),
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "-2"}, 0.0),
        ({"retry_after": formatdate(NOW + 20, usegmt=True)}, 20.0),
        ({"retry_after": "later"}, None),
    ],
)
def test_a_pause_is_read_from_whichever_header_tells_it(headers: dict[str, str], seconds: float | None) -> None:
    result = judge(answer(429, ("too many requests", None), **headers), 3, NOW).result
    assert result is not None
    assert (result.outcome, result.scope, result.retry_after_seconds) == (THROTTLED, Scope.ACCOUNT, seconds)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["errors", "message", "field", "x"]), inner, max_size=3)
    ),
)


@given(status=st.integers(100, 599), body=st.binary(max_size=64) | _JSON, size=st.integers(1, 1_000))
def test_no_answer_is_too_odd_to_be_judged(status: int, body: Any, size: int) -> None:
    raw = body if isinstance(body, bytes) else json.dumps({"errors": body}).encode()
    verdict = judge(Answer(status, {}, raw), size, NOW)
    if verdict.result is None:
        assert status in (400, 413)
        assert verdict.culprits or size > 1
    elif status != 202:
        assert verdict.result.outcome is not ACCEPTED
    assert set(verdict.culprits) <= set(range(size))
