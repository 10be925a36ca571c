"""Messages at SendGrid's limits, and messages that are refused before it is called."""

import pytest

from channels.providers.base import Outcome, Scope, Sender
from channels.providers.sendgrid import provider as sendgrid
from channels.rendering import compile_variant
from tests.support.channels.batches import ANN, BOB, EVE, outcomes, send
from tests.support.channels.invitations import SENDER, invitation
from tests.support.channels.sendgrid_account import serving
from tests.support.standins.server import Answer, Request


def test_values_too_long_for_substitutions_are_written_into_a_request_of_their_own() -> None:
    long = "ł" * 3_000
    batch = [
        invitation(ANN, number=1),
        invitation(BOB, number=2, values={"contact:firstName": long}),
        invitation(EVE, number=3),
    ]
    with serving() as (peer, provider):
        assert outcomes(provider.send_batch(batch)) == [Outcome.ACCEPTED] * 3
    by_attempt = {mail.attempt_id: mail for mail in peer.mails}
    assert by_attempt["2-1"].text == batch[1].text
    assert [["substitutions" in to for to in body["personalizations"]] for body in peer.bodies] == [[False], [True] * 2]


def test_values_of_one_message_stay_below_sendgrids_limit_whatever_they_are_made_of() -> None:
    batch = [
        invitation(f"p{n}@example.com", number=n, values={"contact:firstName": character * length})
        for n, (character, length) in enumerate(
            [("a", 4_800), ("a", 4_900), ("a", 5_000), ('"', 1_200), ("&", 1_600), ("😀", 1_200), ("\n", 3_000)], 1
        )
    ]
    with serving() as (peer, provider):
        assert set(outcomes(provider.send_batch(batch))) == {Outcome.ACCEPTED}
    # None was refused before: the stand-in refuses bodies over the limit.
    assert len(peer.mails) == len(batch) == sum(len(body["personalizations"]) for body in peer.bodies)


def test_a_body_over_the_limit_is_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid, "BODY_MAX_BYTES", 5_000)
    addresses = [f"p{number}@example.com" for number in range(40)]
    with serving() as (peer, provider):
        sizes: list[int] = []
        take = peer.take

        def weigh(request: Request) -> Answer:
            sizes.append(len(request.body))
            return take(request)

        monkeypatch.setattr(peer, "take", weigh)
        assert outcomes(send(provider, *addresses)) == [Outcome.ACCEPTED] * 40
    assert sorted(mail.to for mail in peer.mails) == sorted(addresses)
    assert max(sizes) <= 5_000


def test_an_email_over_the_limit_is_refused_alone_and_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid, "BODY_MAX_BYTES", 20_000)
    batch = [
        invitation(ANN, number=1),
        invitation(BOB, number=2, values={"contact:firstName": "x" * 20_000}),
        invitation(EVE, number=3),
    ]
    with serving() as (peer, provider):
        results = provider.send_batch(batch)
    assert outcomes(results) == [Outcome.ACCEPTED, Outcome.PERMANENT, Outcome.ACCEPTED]
    assert (results[1].scope, [mail.to for mail in peer.mails]) == (Scope.CONTENT, [ANN, EVE])


@pytest.mark.parametrize(
    ("to", "sender", "scope"),
    [
        ("ann@example.com>\r\nBcc: <eve@example.com", SENDER, Scope.RECIPIENT),
        ("ann@example.com, eve@example.com", SENDER, Scope.RECIPIENT),
        ("+48601234567", SENDER, Scope.RECIPIENT),
        (ANN, Sender(), Scope.SENDER),
        (ANN, Sender("surveys@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
        (ANN, Sender(SENDER.email, reply_to_email="x@acme.example\r\nBcc: eve@example.com"), Scope.SENDER),
    ],
)
def test_what_is_no_address_is_refused_before_sendgrid_hears_of_it(to: str, sender: Sender, scope: Scope) -> None:
    with serving() as (peer, provider):
        results = provider.send_batch([invitation(to, number=1, sender=sender), invitation(BOB, number=2)])
    assert outcomes(results) == [Outcome.PERMANENT, Outcome.ACCEPTED]
    assert results[0].scope is scope
    assert [mail.to for mail in peer.mails] == [BOB]


def test_an_empty_subject_is_refused_before_sendgrid_hears_of_it() -> None:
    with serving() as (peer, provider):
        [result] = send(provider, ANN, variant=compile_variant("en", " ${contact:firstName}", "", "Hi"))
    assert (result.outcome, result.scope) == (Outcome.PERMANENT, Scope.CONTENT)
    assert peer.requests == 0
