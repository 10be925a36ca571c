"""The sandbox provider: what it stores, and how it simulates trouble."""

import threading
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import Settings

from channels.models import SandboxMessage
from channels.providers.base import Account, Outcome, Scope, Sender
from channels.providers.registry import configuration_faults
from channels.providers.sandbox import Sandbox
from channels.rendering import compile_variant
from contacts.channel import Channel
from tests.support.channels.batches import ANN, BOB, EVE
from tests.support.channels.invitations import GROUP, SMS, invitation


def sandbox(channel: Channel = Channel.EMAIL, configuration: Mapping[str, Any] | None = None) -> Sandbox:
    return Sandbox(Account(UUID(int=1), UUID(int=2), channel, configuration or {}))


@pytest.mark.django_db
def test_an_email_is_stored_as_it_would_arrive() -> None:
    message = invitation(ANN, number=5, to_name="Ann Lee", values={"contact:firstName": "<Ann>"})
    [result] = sandbox().send_batch([message])
    assert (result.outcome, result.provider_message_id) == (Outcome.ACCEPTED, "sandbox-5-1")
    row = SandboxMessage.objects.get()
    assert (row.provider_account_id, row.organization_id) == (UUID(int=1), UUID(int=2))
    assert (row.attempt_id, row.group_id, row.channel) == ("5-1", str(GROUP), "email")
    assert (row.to, row.to_name, row.sender) == (ANN, "Ann Lee", "ACME <surveys@acme.example>")
    assert row.subject == "How was it, <Ann>?"
    assert row.html == '<p>Dear &lt;Ann&gt;, <a href="https://surveys.example/p/5">answer</a>.</p>'
    assert row.text == "Dear <Ann>, answer: https://surveys.example/p/5"
    assert row.headers == {
        "Message-ID": "<5-1@acme.example>",
        "Reply-To": "help@acme.example",
        "List-Unsubscribe": "<https://surveys.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_a_text_message_is_its_text_and_its_senders_name(channel: Channel) -> None:
    sandbox(channel).send_batch([invitation("+48601234567", variant=SMS, sender=Sender(name="ACME"))])
    row = SandboxMessage.objects.get()
    assert (row.channel, row.to, row.sender) == (channel, "+48601234567", "ACME")
    assert (row.subject, row.html, row.headers) == ("", "", {})
    assert row.text == "friend, answer: https://surveys.example/p/1"


@pytest.mark.django_db
def test_a_thousand_messages_are_stored_in_their_order() -> None:
    addresses = [f"p{number}@example.com" for number in range(Sandbox.batch_size)]
    results = sandbox().send_batch([invitation(to, number=n) for n, to in enumerate(addresses)])
    assert [result.provider_message_id for result in results] == [f"sandbox-{n}-1" for n in range(1_000)]
    assert list(SandboxMessage.objects.order_by("id").values_list("to", flat=True)) == addresses


@pytest.mark.django_db
def test_the_same_attempt_sent_twice_is_there_twice() -> None:
    for _ in range(2):
        sandbox().send_batch([invitation(ANN)])
    assert SandboxMessage.objects.filter(attempt_id="1-1").count() == 2


@pytest.mark.django_db
def test_tabs_quotes_backslashes_and_line_ends_are_stored_as_they_are() -> None:
    text = 'a\tb\\n\\. \\N "x" \r\n\\.\nend 🎈'
    sandbox().send_batch([invitation(ANN, variant=compile_variant("en", "s", "", text), to_name='"\\t\t')])
    row = SandboxMessage.objects.get()
    assert (row.text, row.to_name) == (text, '"\\t\t')


@pytest.mark.django_db
def test_a_subject_and_a_sender_longer_than_their_columns_are_cut() -> None:
    sender = Sender(f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example", "n" * 255)
    variant = compile_variant("en", "x" * 2_000, "", "text")
    [result] = sandbox().send_batch([invitation(ANN, variant=variant, sender=Sender(sender.email, "n" * 300))])
    row = SandboxMessage.objects.get()
    assert (result.outcome, len(row.subject), len(row.sender)) == (Outcome.ACCEPTED, 998, 511)


@pytest.mark.django_db(transaction=True)
def test_what_it_took_is_committed_when_it_answers() -> None:
    sandbox().send_batch([invitation(ANN)])
    seen: list[int] = []

    def look() -> None:
        seen.append(SandboxMessage.objects.count())
        connection.close()

    # A thread has a database connection of its own.
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "outcome", "is_stored"),
    [
        ("permanent", Outcome.PERMANENT, False),
        ("transient", Outcome.TRANSIENT, False),
        ("throttled", Outcome.THROTTLED, False),
        ("unknown", Outcome.UNKNOWN, True),
    ],
)
def test_an_address_can_be_told_to_fail_and_the_others_do_not(name: str, outcome: Outcome, is_stored: bool) -> None:
    provider = sandbox(configuration={"failAddresses": {"Bob@example.com": name}})
    results = provider.send_batch([invitation(to, number=n) for n, to in enumerate((ANN, BOB, EVE))])
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, outcome, Outcome.ACCEPTED]
    assert set(SandboxMessage.objects.values_list("to", flat=True)) == {ANN, EVE} | ({BOB} if is_stored else set())


@pytest.mark.django_db
def test_a_refused_address_is_about_the_recipient_and_a_throttled_one_says_for_how_long() -> None:
    provider = sandbox(configuration={"failAddresses": {ANN: "permanent", BOB: "throttled"}})
    refused, throttled = provider.send_batch([invitation(ANN), invitation(BOB)])
    assert (refused.scope, throttled.retry_after_seconds) == (Scope.RECIPIENT, 1)


@pytest.mark.django_db
def test_a_call_takes_as_long_as_it_is_told_where_the_sandbox_is_open(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Elsewhere anybody who may configure an account could hold a worker."""
    slept: list[float] = []
    monkeypatch.setattr("channels.providers.sandbox.sleep", slept.append)
    for is_open in (True, False):
        settings.SANDBOX_OPEN = is_open
        sandbox(configuration={"latencySeconds": 0.05}).send_batch([invitation(ANN), invitation(BOB)])
    assert slept == [0.05]


@pytest.mark.parametrize(
    "configuration",
    [{}, {"latencySeconds": 0}, {"latencySeconds": 30.0}, {"failAddresses": {}}, {"failAddresses": {BOB: "unknown"}}],
)
def test_a_right_configuration_has_no_fault(configuration: dict[str, Any]) -> None:
    assert configuration_faults("sandbox", "whatsapp", configuration) == []


@pytest.mark.parametrize(
    "configuration",
    [
        {"failAddresses": [BOB]},
        {"failAddresses": {BOB: "sometimes"}},
        {"failAddresses": {BOB: ["unknown"]}},
        {"latencySeconds": -1},
        {"latencySeconds": 31},
        {"latencySeconds": "1"},
        {"latencySeconds": True},
        {"latencySeconds": float("nan")},
        {"latency": 1},
    ],
)
def test_a_wrong_configuration_has_one(configuration: dict[str, Any]) -> None:
    assert len(configuration_faults("sandbox", "email", configuration)) == 1


def test_a_configuration_that_is_no_object_is_a_fault() -> None:
    assert len(configuration_faults("sandbox", "email", ["latencySeconds"])) == 1  # type: ignore[arg-type]


def test_every_fault_is_named() -> None:
    wrong = {"failAddresses": {ANN: "x", BOB: "y", EVE: "unknown"}, "latencySeconds": 99, "speed": 1}
    assert len(configuration_faults("sandbox", "email", wrong)) == 4
