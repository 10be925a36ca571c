"""Log lines of web and worker hold no address, number or name of a person, whatever calls and providers say."""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import structlog
from django.db import connection
from django.test import Client

from channels.models import ProviderAccount
from channels.providers.base import Message, Outcome, Result, Scope
from channels.providers.sandbox import Sandbox
from config.logging import mask_people
from contacts.channel import Channel
from tests.api.conftest import Post, body, post
from tests.engine.conftest import kinds
from tests.support.engine.people import dispatch

__all__ = ["body", "kinds", "post"]

pytestmark = pytest.mark.django_db
WORDS = ("ann@", "ann%40", "example.com", "600000001", "600 000 001", "PAT-1", "Ono")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the console handler writes, with everything from DEBUG on."""
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(next(each.formatter for each in root.handlers if type(each) is logging.StreamHandler))
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def assert_no_person(log: io.StringIO) -> None:
    lines = [line for line in log.getvalue().splitlines() if any(word.lower() in line.lower() for word in WORDS)]
    assert lines == []


@pytest.mark.parametrize(
    "call",
    [
        "/api/v1/contacts?email=ann@example.com&externalId=PAT-1",
        "/api/v1/contacts?email=ann%40example.com",
        "/api/v1/suppressions?address=%2B48600000001",
        "/api/v1/contacts/ann@example.com",
        "/api/v1/contacts?ann@example.com",
        "/nowhere/+48600000001?phone=600 000 001&name=Ono",
        "/admin/contacts/contact/?q=ann@example.com",
    ],
)
def test_a_query_leaves_its_names_and_no_values(client: Client, log: io.StringIO, call: str) -> None:
    client.get(
        call, headers={"x-request-id": "call-1", "user-agent": "ann@example.com", "referer": "/?e=ann@example.com"}
    )
    assert "call-1" in log.getvalue()
    assert "request_finished" in log.getvalue()
    assert_no_person(log)


def test_the_names_of_a_query_stay(client: Client, log: io.StringIO) -> None:
    client.get("/api/v1/contacts?email=ann@example.com&limit=2")
    assert "/api/v1/contacts?email=…&limit=…" in log.getvalue()


def test_a_body_is_never_logged(client: Client, post: Post, body: dict[str, Any], log: io.StringIO) -> None:
    assert post(body, Idempotency_Key="of ann@example.com").status_code == 201
    faulty = {"email": "ann@example.com", "phone": "600 000 001 ann@example.com"}
    assert client.post("/api/v1/contacts", json.dumps(faulty), content_type="application/json").status_code == 400
    client.post("/api/v1/contacts", '{"email": "ann@example.com", "phone": ', content_type="application/json")
    assert_no_person(log)


class Quoting(Sandbox):
    """A provider that raises once, and then refuses the account; both quote the address, as SMTP servers do."""

    calls = 0

    def send_checked(self, messages: Sequence[Message]) -> list[Result]:
        Quoting.calls += 1
        if Quoting.calls == 1:
            raise RuntimeError(f"could not write to Ann <{messages[0].to}>, +48600000001")
        refused = Result(Outcome.PERMANENT, code="550", detail=f"<{messages[0].to}>: denied", scope=Scope.ACCOUNT)
        return [refused for _ in messages]


def test_what_a_provider_quotes_is_masked_in_workers(
    post: Post, body: dict[str, Any], accounts: dict[Channel, ProviderAccount], kinds: dict[str, str], log: io.StringIO
) -> None:
    kinds["quoting"] = f"{Quoting.__module__}.{Quoting.__name__}"
    ProviderAccount.objects.filter(pk=accounts[Channel.EMAIL].pk).update(kind="quoting")
    body["contacts"].append({"email": "ann.two@example.com"})
    for _ in range(2):
        post(body)
        dispatch()
    text = log.getvalue()
    assert "provider_contract_violated" in text
    assert "Traceback" in text
    assert "breaker_opened" in text
    assert_no_person(log)


def test_what_postgresql_quotes_is_masked(log: io.StringIO) -> None:
    logger = structlog.get_logger("tests")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'PAT-1 Ann Ono'::int")
    except Exception:
        logger.exception("failed", note="DETAIL:  Failing row contains (1, PAT-1, Ann, Ono).")
    logging.getLogger("some.package").error("could not send to %s", "ann@example.com", extra={"x": 1})
    text = log.getvalue()
    assert "could not send to [address]" in text
    assert "DETAIL: […]" in text


def test_the_senders_of_an_organisation_are_shown() -> None:
    event = {"event": "sender_refused", "sender": "surveys@acme.example", "reason": "not <ann@example.com>"}
    assert mask_people(None, "", event) == {**event, "reason": "not <[address]>"}


def test_a_line_stays_json() -> None:
    event = {
        "event": "x",
        "error": 'E("DETAIL:  Key (email)=(ann@example.com) exists.\\n")',
        "list": ["+48600000001", 7],
    }
    masked = json.loads(json.dumps(mask_people(None, "", event)))
    assert masked == {"event": "x", "error": 'E("DETAIL: […]\\n")', "list": ["[number]", 7]}
