"""Connections to SendGrid, and the account that they log in with."""

import os
import subprocess
import sys

import pytest

from channels.providers import http_connections
from channels.providers.base import Outcome, Scope, Sender
from tests.support.channels.batches import (
    ANN,
    BOB,
    EVE,
    outcomes,
    send,
)
from tests.support.channels.invitations import invitation
from tests.support.channels.sendgrid_account import sendgrid_account, serving
from tests.support.standins.sendgrid import API_KEY
from tests.support.standins.server import Answer


def test_all_batches_go_over_one_connection_until_it_is_closed() -> None:
    with serving() as (peer, provider):
        for _ in range(3):
            send(provider, ANN, BOB)
        assert peer.connections == 1
        provider.close()
        assert outcomes(send(provider, EVE)) == [Outcome.ACCEPTED]
        assert peer.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (peer, provider):
        send(provider, ANN)
        monkeypatch.setattr(http_connections, "IDLE_SECONDS", 0.0)
        assert outcomes(send(provider, BOB)) == [Outcome.ACCEPTED]
        assert peer.connections == 2


def test_a_key_that_is_missing_is_not_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDGRID_API_KEY", API_KEY)
    with serving() as (peer, _):
        results = send(sendgrid_account({"baseUrl": peer.url}, api_key=""), ANN, BOB)
        assert peer.requests == 0
    assert [(result.outcome, result.scope) for result in results] == [(Outcome.PERMANENT, Scope.ACCOUNT)] * 2


def test_a_key_that_cannot_be_a_header_is_about_the_account() -> None:
    with serving() as (peer, _):
        [result] = send(sendgrid_account({"baseUrl": peer.url}, api_key="SG.x\r\nX-Evil: 1"), ANN)
        assert peer.requests == 0
    assert (result.outcome, result.scope) == (Outcome.PERMANENT, Scope.ACCOUNT)


def test_a_base_url_with_a_path_keeps_it() -> None:
    with serving() as (peer, _):
        provider = sendgrid_account({"baseUrl": f"{peer.url}/proxy/"})
        [result] = send(provider, ANN)
        provider.close()
    # The stand-in has no such path: a fault of the account's settings, not of a recipient.
    assert (result.outcome, result.scope, result.code) == (Outcome.PERMANENT, Scope.ACCOUNT, "404")


def test_a_redirect_is_not_followed_with_peoples_data(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (peer, _):
        take = peer.take
        moved = Answer(307, headers={"Location": f"{peer.url}/v3/mail/send"})
        monkeypatch.setattr(peer, "take", lambda request: moved if request.path.startswith("/old/") else take(request))
        provider = sendgrid_account({"baseUrl": f"{peer.url}/old"})
        [result] = send(provider, ANN)
        provider.close()
    assert (result.outcome, result.scope, result.code) == (Outcome.PERMANENT, Scope.ACCOUNT, "307")
    assert (peer.requests, peer.mails) == (1, [])


def test_a_server_that_speaks_no_tls_gets_nothing() -> None:
    with serving() as (peer, _):
        provider = sendgrid_account({"baseUrl": peer.url.replace("http:", "https:")})
        batch = [invitation(ANN, number=n, sender=Sender(f"sender{n}@acme.example")) for n in range(3)]
        assert outcomes(provider.send_batch(batch)) == [Outcome.TRANSIENT] * 3
        # The same failure is not waited for again.
        assert (peer.connections, peer.requests) == (1, 0)


def test_the_vendors_package_is_imported_by_the_first_who_sends() -> None:
    program = "import sys, channels.providers.sendgrid.provider; sys.exit('python_http_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=dict(os.environ), check=False).returncode == 0
