"""SendGrid: its recorded events, and its OpenAPI description of mail/send."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from channels.events import EventKind, ForgedWebhookError
from channels.providers.base import Outcome
from channels.rendering import compile_variant
from tests.support.channels.invitations import EMAIL, invitation
from tests.support.channels.sendgrid_account import serving

EXPECTED_KINDS = {
    "test_processed_event": EventKind.SENT,
    "test_delivered_event": EventKind.DELIVERED,
    "test_dropped_invalid_event": EventKind.DROPPED,
    "test_dropped_bounced": EventKind.DROPPED,
    "test_dropped_unsubscribed_event": EventKind.DROPPED,
    "test_bounce_event": EventKind.HARD_BOUNCED,
    "test_deferred_event": EventKind.DELAYED,
    "test_open_event": EventKind.OPENED,
    "test_click_event": EventKind.CLICKED,
    "test_compatibility_message_id_from_smtp_id": EventKind.DELIVERED,
}
_BODY = "#/components/requestBodies/PostMailSend/content/application~1json/schema"


def check_events(path: Path) -> str:
    """Each recorded event, signed as SendGrid signs, comes to what it means; one byte more and it is forged."""
    cases = json.loads(path.read_text())
    assert {case["case"] for case in cases} == set(EXPECTED_KINDS)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    count = 0
    with serving() as (stand_in, provider):
        for case in cases:
            hook = stand_in.webhook(case["events"], (now - timedelta(hours=24)).timestamp())
            # What a drop says of the address comes as an event of its own, without the message.
            events = [event for event in provider.read_webhook(hook, now).events if ":" not in event.event_id]
            for event, told in zip(events, case["events"], strict=True):
                assert event.kind is EXPECTED_KINDS[case["case"]], f"{case['case']} came to {event.kind}"
                assert (event.event_id, event.address) == (told["sg_event_id"], told["email"].lower())
                assert event.occurred_at.timestamp() == told["timestamp"]
                assert told["sg_message_id"].startswith(event.provider_message_id)
                assert event.detail == told.get("reason", told.get("response", "")).strip()
                count += 1
            try:
                provider.read_webhook(type(hook)(hook.url, hook.headers, hook.body + b" "), now)
            except ForgedWebhookError:
                continue
            raise AssertionError(f"{case['case']}: a changed body was believed")
    return f"{count} events verify and mean what they should"


def check_requests(path: Path) -> str:
    """What is sent is what the description allows; and the description does refuse something."""
    components = json.loads(path.read_text())["components"]
    validator = Draft202012Validator({"$ref": _BODY, "components": components}, format_checker=FormatChecker())
    bodies = _captured()
    for body in bodies:
        validator.validate(body)
    for spoil in _SPOILERS:
        spoiled = deepcopy(bodies[0])
        spoil(spoiled)
        assert not validator.is_valid(spoiled), "the description refuses nothing"
    return f"{len(bodies)} requests with {sum(len(b['personalizations']) for b in bodies)} personalizations are valid"


def _captured() -> list[dict[str, Any]]:
    with serving(refused={"p3@example.com": "hidden"}) as (stand_in, provider):
        for batch in _batches():
            assert {result.outcome for result in provider.send_batch(batch)} <= {Outcome.ACCEPTED, Outcome.PERMANENT}
        return stand_in.bodies


def _batches() -> Iterator[list[Any]]:
    text_only = compile_variant("pl", "Jak było?", "", "Dzień dobry ${contact:firstName|gościu}, ${link}")
    yield [invitation(f"a{number}@example.com", number=number, to_name="Ann") for number in range(1_000)]
    yield [invitation(f"p{number}@example.com", number=number) for number in range(9)]
    yield [invitation(f"b{n}@example.com", number=n, variant=v) for n, v in enumerate((EMAIL, text_only) * 2)]
    yield [invitation("alone@example.com", unsubscribe_url="", variant=text_only)]
    yield [invitation(f"c{n}@example.com", number=n, values={"contact:firstName": "x" * 9_000}) for n in range(2)]


_SPOILERS: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda body: body.pop("personalizations"),
    lambda body: body["personalizations"].append(body["personalizations"][0]),
    lambda body: body["personalizations"][0].pop("to"),
    lambda body: body["personalizations"][0]["to"][0].pop("email"),
    lambda body: body["personalizations"][0]["substitutions"].update(tag=5),
    lambda body: body["from"].update(email="no address"),
    lambda body: body["content"][0].update(value=""),
    lambda body: body["tracking_settings"]["click_tracking"].update(enable="no"),
)

CHECKS: dict[str, Callable[[Path], str]] = {
    "sendgrid-events.json": check_events,
    "sendgrid-mail-send.openapi.json": check_requests,
}
