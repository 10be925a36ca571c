"""Logging in to an SMTP server."""

import pytest

from channels.providers.base import Scope
from tests.channels.smtp.conftest import Connect, Serve
from tests.support.channels.batches import ACCEPTED, ANN, BOB, EVE, PERMANENT, outcomes, send

# These tests' passwords are not secret.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


def test_it_logs_in_with_the_accounts_credentials(serve: Serve, connect: Connect) -> None:
    server = serve(login=("acme", "s3cret"))
    assert outcomes(send(connect(server, username="acme", password="s3cret"), ANN)) == [ACCEPTED]


def test_a_refused_login_is_about_the_account_and_not_repeated_for_the_rest(serve: Serve, connect: Connect) -> None:
    server = serve(login=("acme", "s3cret"))
    results = send(connect(server, username="acme", password="wrong"), ANN, BOB, EVE)
    assert [(result.outcome, result.scope, result.code) for result in results] == [
        (PERMANENT, Scope.ACCOUNT, "535")
    ] * 3
    assert server.connections == 1


def test_a_missing_login_is_about_the_account_and_not_about_the_recipient(serve: Serve, connect: Connect) -> None:
    [result] = send(connect(serve(login=("acme", "s3cret"))), ANN)
    assert (result.outcome, result.scope, result.code) == (PERMANENT, Scope.ACCOUNT, "530")


def test_a_password_that_cannot_be_sent_is_about_the_account(serve: Serve, connect: Connect) -> None:
    [result] = send(connect(serve(login=("acme", "zażółć")), username="acme", password="zażółć"), ANN)
    assert (result.outcome, result.scope) == (PERMANENT, Scope.ACCOUNT)


def test_a_server_without_starttls_gets_no_mail_in_the_clear(serve: Serve, connect: Connect) -> None:
    server = serve()
    [result] = send(connect(server, security="starttls"), ANN)
    assert (result.outcome, result.scope) == (PERMANENT, Scope.ACCOUNT)
    assert server.mails == []
