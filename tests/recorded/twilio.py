"""Twilio: its signature vectors, its recorded answers, and its OpenAPI descriptions of Messages and Lookup v2."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from jsonschema import Draft202012Validator

from channels.events import ForgedWebhookError, Webhook
from channels.lookup import NumberReport, look_up_number
from channels.providers.base import Outcome
from channels.providers.twilio.provider import Twilio
from contacts.channel import Channel
from tests.support.channels.twilio_account import CONTENT, CREDENTIALS, SERVICE, people, twilio_account
from tests.support.standins.server import Answer, Request
from tests.support.standins.twilio import ACCOUNT_SID, Known, TwilioStandIn

_FORM = "application/x-www-form-urlencoded"
_NOW = datetime(2026, 11, 23, tzinfo=UTC)


class _Recorded(TwilioStandIn):
    """Answers what was recorded."""

    answer: Mapping[str, Any]
    status: int

    def take(self, request: Request) -> Answer:
        return Answer(self.status, json.dumps(self.answer).encode(), {"Content-Type": "application/json"})


@contextmanager
def _serving(kind: type[TwilioStandIn] = TwilioStandIn, **told: Any) -> Iterator[tuple[Any, Twilio]]:
    with kind().running() as stand_in:
        provider = twilio_account(stand_in.url, **told)
        yield stand_in, provider
        provider.close()


def check_signatures(path: Path) -> str:
    """Each vector is believed with its signature, and not with its body, its URL or its signature changed."""
    vectors = json.loads(path.read_text())
    token = {"auth_token": vectors["auth_token"]}
    provider = twilio_account("https://api.twilio.com", credentials={**CREDENTIALS, **token})

    def is_believed(url: str, body: str, signature: str, content_type: str) -> bool:
        headers = {"content-type": content_type, "x-twilio-signature": signature}
        try:
            provider.read_webhook(Webhook(url, headers, body.encode()), _NOW)
        except ForgedWebhookError:
            return False
        return True

    cases = list(_signed(vectors))
    for url, body, signature, content_type in cases:
        assert is_believed(url, body, signature, content_type), f"{url} is not believed"
        assert not is_believed(url, body + "1", signature, content_type), f"{url}: a changed body is believed"
        assert not is_believed(url + "1", body, signature, content_type), f"{url}: another address is believed"
        assert not is_believed(url, body, signature.swapcase(), content_type), f"{url}: any signature is believed"
    return f"{len(cases)} signatures verify, and nothing else does"


def _signed(vectors: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """(URL, body, signature, content type) of each vector."""
    form, twice, whole = vectors["form"], vectors["duplicate_params"], vectors["json_body"]
    body = urlencode(form["params"])
    yield form["url"], body, form["X-Twilio-Signature"], _FORM
    yield twice["url"], twice["body"], twice["X-Twilio-Signature"], _FORM
    yield whole["url"], whole["body"], whole["X-Twilio-Signature"], "application/json"
    # Signed with the default port in the URL: nobody knows whether ours has it.
    host = urlsplit(form["url"]).netloc
    for scheme, port in (("https", 443), ("http", 80)):
        address = form["url"].replace("https:", f"{scheme}:")
        for url in (address, address.replace(host, f"{host}:{port}")):
            yield url, body, vectors[f"{scheme}_port_{port}_signed"], _FORM


def check_created(path: Path) -> str:
    """Each recorded 201 is an accepted message with its SID; the stand-in answers with the same fields."""
    examples = json.loads(path.read_text())
    with _serving(_Recorded) as (stand_in, provider):
        stand_in.status = 201
        for name, example in examples.items():
            stand_in.answer = example
            [result] = provider.send_batch(people(1))
            said = (result.outcome, result.provider_message_id, result.detail)
            assert said == (Outcome.ACCEPTED, example["sid"], example["status"]), f"{name} came to {said}"
    own = _created()
    for name, example in examples.items():
        assert all(answer.keys() == example.keys() for answer in own), f"{name} has other fields than the stand-in's"
    return f"{len(examples)} answers are read"


def check_lookups(path: Path) -> str:
    """Each recorded answer of Lookup comes to a report that says the same."""
    examples = json.loads(path.read_text())
    with _serving(_Recorded) as (stand_in, provider):
        stand_in.status = 200
        for name, example in examples.items():
            stand_in.answer = example
            line, status = example["line_type_intelligence"] or {}, example["line_status"] or {}
            expected = NumberReport(
                number=example["phone_number"],
                valid=example["valid"],
                validation_errors=tuple(example["validation_errors"] or ()),
                line_type=line.get("type", ""),
                carrier=line.get("carrier_name", ""),
                country=example["country_code"] or "",
                reachable={"active": True, "inactive": False}.get(status.get("status", "")),
            )
            report = look_up_number(provider.account, example["phone_number"])
            assert report == expected, f"{name} came to {report}"
    return f"{len(examples)} answers are read"


def check_message_requests(path: Path) -> str:
    """What is sent is what the description allows, and so is what the stand-in answers."""
    description = json.loads(path.read_text())
    operation = description["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    schema = operation["requestBody"]["content"][_FORM]["schema"]
    validator = _validator({**schema, "additionalProperties": False}, description)
    forms = [_typed(request, schema["properties"]) for request in _sent()]
    for form in forms:
        validator.validate(form)
    for spoiled in ({"To": None}, {"ContentSid": "HX1"}, {"Sender": "x"}, {"ValidityPeriod": "long"}):
        assert not validator.is_valid(forms[0] | spoiled), f"the description does not refuse {spoiled}"
    answer = _validator({"$ref": "#/components/schemas/api.v2010.account.message"}, description)
    for body in _created():
        answer.validate(body)
    return f"{len(forms)} requests and the stand-in's answers are valid"


def check_lookup_requests(path: Path) -> str:
    """Lookup is asked by parameters that there are, and the stand-in answers as described."""
    description = json.loads(path.read_text())
    operation = description["paths"]["/v2/PhoneNumbers/{PhoneNumber}"]["get"]
    names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
    line = {"type": "mobile", "carrier_name": "Plus", "mobile_country_code": "260", "mobile_network_code": "01"}
    with _serving() as (stand_in, provider):
        stand_in.numbers["+48601234567"] = Known({**line, "error_code": None}, {"status": "active", "error_code": None})
        for number in ("+48601234567", "+141599299600"):
            look_up_number(provider.account, number, with_line_status=True)
        answers = [json.loads(stand_in.take(request).body) for request in list(stand_in.seen)]
    for request in stand_in.seen:
        asked = parse_qs(urlsplit(request.path).query)
        assert asked.keys() <= names, f"there is no parameter {asked.keys() - names}"
        assert asked["Fields"] == ["line_type_intelligence,line_status"]
    validator = _validator({"$ref": "#/components/schemas/LookupResponse"}, description)
    for body in answers:
        # By the description nothing of this is null; in its own examples what is not known is.
        validator.validate(_without_nulls(body))
    return f"{len(answers)} requests and the stand-in's answers are valid"


def _sent() -> list[Request]:
    """Requests of every kind that there are."""
    variables = {"1": "${contact:firstName|there}", "2": "${link}"}
    requests: list[Request] = []
    for channel, configuration in (
        (Channel.SMS, {}),
        (Channel.SMS, {"from": "ACME", "validityPeriodSeconds": 60}),
        (Channel.SMS, {"from": None, "messagingServiceSid": SERVICE}),
        (Channel.WHATSAPP, {}),
        (Channel.WHATSAPP, {"messagingServiceSid": SERVICE, "contentSid": CONTENT, "contentVariables": variables}),
    ):
        with _serving(channel=channel, **configuration) as (stand_in, provider):
            assert {result.outcome for result in provider.send_batch(people(3))} == {Outcome.ACCEPTED}
            requests += stand_in.seen
    assert {request.path for request in requests} == {f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"}
    return requests


def _created() -> list[dict[str, Any]]:
    """The stand-in's own 201s."""
    with _serving() as (stand_in, provider):
        provider.send_batch(people(2))
        return [json.loads(stand_in.take(request).body) for request in list(stand_in.seen)]


def _typed(request: Request, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A form's fields as the description types them; on the wire all are text."""
    form: dict[str, Any] = {}
    for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items():
        assert len(values) == 1, f"{name} is said twice"
        form[name] = int(values[0]) if properties.get(name, {}).get("type") == "integer" else values[0]
    return form


def _validator(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Draft202012Validator:
    whole = {**schema, "components": description["components"]}
    return Draft202012Validator(_nullable(whole))


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {name: _nullable(value) for name, value in schema.items()}
    if converted.get("nullable") is True and isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
    return converted


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return value


CHECKS: dict[str, Callable[[Path], str]] = {
    "twilio-signature-vectors.json": check_signatures,
    "messages_create_201_examples.json": check_created,
    "lookup_v2_200_examples.json": check_lookups,
    "twilio-messages.openapi.json": check_message_requests,
    "twilio-lookups-v2.openapi.json": check_lookup_requests,
}
