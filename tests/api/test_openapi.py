"""The OpenAPI document, and the page that shows it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from pydantic import BaseModel

from distributor.api.reference.placeholders import BASE_URL

PLAN_FIELDS = {
    *("dryRun", "contactCount", "recipientCount", "recipients", "skipped", "missingValues", "costs", "warnings"),
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    response = Client().get("/api/schema", headers={"accept": "application/vnd.oai.openapi+json"})
    assert response.status_code == 200
    document: dict[str, Any] = json.loads(response.content)
    return document


def resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the schema with its reference resolved."""
    while "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    return part


def routes_below(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield every URL pattern, as written in the URL configurations."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes_below(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern)


def test_the_document_is_valid_and_generated_without_warnings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "schema.json"
    call_command("spectacular", fail_on_warn=True, format="openapi-json", file=str(file))
    assert "Warning" not in capsys.readouterr().err
    document = json.loads(file.read_text())
    # The command's own `validate` reads the same specification with a validator in Python: 10 s.
    assert document["openapi"].startswith("3.1")
    specification = files("drf_spectacular.validation").joinpath("openapi_3_1_schema.json")
    jsonschema_rs.validator_for(json.loads(specification.read_text())).validate(document)


def test_every_address_of_the_api_is_documented(schema: dict[str, Any]) -> None:
    written = {"/" + route.replace("<str:", "{").replace(">", "}") for route in routes_below(get_resolver())}
    documented = ("/api/", "/v1/", "/API/v3/", "/base/", "/oauth2/")
    # The catch-all patterns below a dialect's root match misspelled and unknown URLs. Tokens are documented once.
    others = ("/api/schema", "/api/postman.json", "/API/v3/", "/API/v3/oauth2/token")
    ours = {
        route
        for route in written
        if route.startswith(documented) and route not in others and not route.startswith("/api/docs")
    }
    assert set(schema["paths"]) == ours
    assert len(ours) >= 40


def test_the_quick_call_is_documented_with_its_answers(schema: dict[str, Any]) -> None:
    call = schema["paths"]["/api/surveys/{survey_id}/distributions/quick"]["post"]
    assert call["operationId"] == "createQuickDistribution"
    assert set(call["responses"]) == {"200", "201", "400", "401", "403", "404", "409", "413", "415", "422"}
    answer = resolve(schema, call["responses"]["201"]["content"]["application/json"]["schema"])
    assert set(answer["properties"]) == {
        *("distributionId", "mailingListId", "recipientCount", "personalLinks", "status", "skipped", "warnings")
    }
    planned = resolve(schema, call["responses"]["200"]["content"]["application/json"]["schema"])
    assert set(planned["properties"]) == PLAN_FIELDS
    problem = resolve(schema, call["responses"]["400"]["content"]["application/problem+json"]["schema"])
    assert set(problem["properties"]) == {"type", "title", "status", "code", "detail", "requestId", "errors"}


def test_problems_are_documented_with_their_content_type(schema: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/ProblemDocument"}
    media_types = {
        media_type
        for methods in schema["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        for media_type, content in answer.get("content", {}).items()
        if content["schema"] == problem
    }
    assert media_types == {"application/problem+json"}


def test_the_form_of_an_idempotency_key_is_documented(schema: dict[str, Any]) -> None:
    [key] = schema["paths"]["/v1/distributions/send"]["post"]["parameters"]
    assert (key["name"], key["in"], key["schema"]["maxLength"]) == ("Idempotency-Key", "header", 255)
    form = re.compile(key["schema"]["pattern"])
    assert all(form.fullmatch(key) for key in ("1", "a b", "4f6c-{'~}"))
    assert not any(form.fullmatch(key) for key in ("", " ", " a", "ą", "a\n"))


def test_the_limits_of_a_page_are_documented(schema: dict[str, Any]) -> None:
    listed = [methods["get"] for path, methods in schema["paths"].items() if "get" in methods]
    limits = [field["schema"] for call in listed for field in call.get("parameters", []) if field["name"] == "limit"]
    assert len(limits) >= 10
    assert all((limit["minimum"], limit["maximum"], limit["default"]) == (1, 1_000, 100) for limit in limits)


def test_the_kinds_of_providers_are_documented(schema: dict[str, Any]) -> None:
    [named] = schema["components"]["schemas"]["ProviderBody"]["properties"]["kind"]["allOf"]
    kinds = resolve(schema, named)["enum"]
    assert {"smtp", "sendgrid", "twilio", "sandbox"} <= set(kinds)


def test_every_field_of_the_quick_body_is_documented_with_its_limits(schema: dict[str, Any]) -> None:
    call = schema["paths"]["/api/surveys/{survey_id}/distributions/quick"]["post"]
    body = resolve(schema, call["requestBody"]["content"]["application/json"]["schema"])
    assert set(body["properties"]) == {
        *("surveyId", "contacts", "channels", "channelMode", "scheduledAt", "settings", "name", "dryRun")
    }
    assert set(body["required"]) == {"surveyId", "contacts", "channels"}
    contacts = body["properties"]["contacts"]
    assert (contacts["minItems"], contacts["maxItems"]) == (1, 1_000)
    assert set(resolve(schema, contacts["items"])["properties"]) == {
        *("externalId", "contactId", "email", "firstName", "lastName", "phone", "embeddedData")
    }
    channel = resolve(schema, body["properties"]["channels"]["items"])
    assert set(channel["required"]) == {"channel", "providerId", "templateId"}
    assert set(channel["properties"]) - set(channel["required"]) == {
        *("priority", "fromEmail", "fromName", "replyToEmail", "fallbackDelayMinutes")
    }
    priority = channel["properties"]["priority"]
    assert (priority["minimum"], priority["maximum"], priority["default"]) == (1, 10, 1)
    assert body["properties"]["channelMode"]["default"] == "single"


def test_the_settings_are_documented_with_their_defaults(schema: dict[str, Any]) -> None:
    settings = schema["components"]["schemas"]["QuickSettings"]["properties"]
    assert {name: field["default"] for name, field in settings.items()} == {
        "excludeOptedOut": True,
        "respectFrequencyRules": True,
        "excludeRecentlyContacted": False,
        "recentContactDays": 30,
    }
    days = settings["recentContactDays"]
    assert (days["minimum"], days["maximum"]) == (1, 365)


def test_every_field_of_single_send_is_documented_with_its_limits_and_answers(schema: dict[str, Any]) -> None:
    call = schema["paths"]["/v1/distributions/send"]["post"]
    assert (call["operationId"], set(call["responses"])) == (
        "sendSurvey",
        {"200", "201", "400", "401", "403", "404", "409", "413", "415", "422"},
    )
    body = resolve(schema, call["requestBody"]["content"]["application/json"]["schema"])
    assert set(body["properties"]) == {
        *("form_id", "recipients", "channel", "send", "scheduled_at", "expires_at", "type", "dryRun")
    }
    assert set(body["required"]) == {"form_id", "recipients"}
    defaults = {name: field["default"] for name, field in body["properties"].items() if field.get("default")}
    assert defaults == {"channel": "email", "send": True, "type": "one_time"}
    recipients = body["properties"]["recipients"]
    assert (recipients["minItems"], recipients["maxItems"]) == (1, 1_000)
    assert set(resolve(schema, recipients["items"])["properties"]) == {
        *("email", "phone_number", "name", "locale", "attributes", "last_sent_at")
    }
    answer = resolve(schema, call["responses"]["201"]["content"]["application/json"]["schema"])
    assert set(answer["properties"]) == {"items", "skipped"}


@pytest.mark.parametrize("path", ["/API/v3/distributions", "/API/v3/distributions/sms"])
def test_a_send_to_a_list_is_documented_with_its_plan(schema: dict[str, Any], path: str) -> None:
    call = schema["paths"][path]["post"]
    body = resolve(schema, call["requestBody"]["content"]["application/json"]["schema"])
    bodies = [resolve(schema, part) for part in body.get("anyOf", [body])]
    assert [part["properties"]["dryRun"]["type"] for part in bodies] == ["boolean"] * len(bodies)
    answer = resolve(schema, call["responses"]["200"]["content"]["application/json"]["schema"])
    either = resolve(schema, answer["properties"]["result"])["anyOf"]
    assert [set(resolve(schema, part)["properties"]) for part in either] == [
        {"id", "link", "surveyLink"},
        PLAN_FIELDS,
    ]


def test_adding_recipients_is_documented_with_its_plan(schema: dict[str, Any]) -> None:
    call = schema["paths"]["/base/Recipient/Add"]["post"]
    body = resolve(schema, call["requestBody"]["content"]["application/json"]["schema"])
    assert set(body["properties"]) == {"ListName", "RecipientList", "Duplication", "LookupTest", "DryRun"}
    answer = resolve(schema, call["responses"]["200"]["content"]["application/json"]["schema"])
    ours = {"NotInvited", "DryRun", "Plan"}
    assert set(answer["properties"]) == {"Status", "Errors", "Lookups", "Duplicates", *ours}
    [planned] = [resolve(schema, part) for part in answer["properties"]["Plan"]["anyOf"] if "$ref" in part]
    assert set(planned["properties"]) == PLAN_FIELDS


def test_no_two_components_share_a_name(schema: dict[str, Any]) -> None:
    """Otherwise the first would silently replace the second."""
    shapes: dict[str, set[str]] = defaultdict(set)
    left = [BaseModel]
    while left:
        model = left.pop()
        left += model.__subclasses__()
        # The client's models are made of this document.
        is_ours = not model.__module__.startswith("distributor_client")
        if is_ours and model.__name__ in schema["components"]["schemas"]:
            shapes[model.__name__].add(json.dumps(model.model_json_schema(mode="serialization"), sort_keys=True))
    assert [name for name, different in shapes.items() if len(different) > 1] == []


def test_the_document_is_the_same_whenever_it_is_asked_for(schema: dict[str, Any]) -> None:
    again = Client().get("/api/schema", headers={"accept": "application/vnd.oai.openapi+json"})
    assert json.loads(again.content) == schema
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    here = json.dumps(generated).replace(BASE_URL, settings.PUBLIC_BASE_URL)
    assert json.loads(here) == schema


def test_blanks_that_lists_and_links_takes_for_nothing_are_documented(schema: dict[str, Any]) -> None:
    owner, _null = schema["components"]["schemas"]["MailingListBody"]["properties"]["ownerId"]["anyOf"]
    assert re.fullmatch(owner["pattern"], "")
    assert re.fullmatch(owner["pattern"], "UR_0123456789abcde")
    assert not re.fullmatch(owner["pattern"], "CG_0123456789abcde")
    moments = schema["components"]["schemas"]["SendBody"]["properties"]["sendDate"]["anyOf"]
    assert {"const": ""} in moments
    listed = schema["paths"]["/API/v3/distributions"]["get"]["parameters"]
    [kinds] = [field["schema"]["enum"] for field in listed if field["name"] == "distributionRequestType"]
    assert "" in kinds


def test_both_ways_to_show_a_key_are_documented(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"].values()
    assert {"type": "apiKey", "in": "header", "name": "x-api-key"} in [
        {name: scheme[name] for name in ("type", "in", "name") if name in scheme} for scheme in schemes
    ]
    assert ("http", "bearer") in {(scheme["type"], scheme.get("scheme")) for scheme in schemes}
    call = schema["paths"]["/api/v1/distributions"]["get"]
    assert [len(either) for either in call["security"]] == [1, 1]
