"""The Postman collection has every operation of the OpenAPI document, in the shape of Postman's format v2.1."""

import json
from collections import Counter
from typing import Any

import jsonschema
import pytest
from django.test import Client

from distributor.api.reference.document import generate_document

TEXT = {"type": "string"}
PARAMETER = {
    "type": "object",
    "required": ["key", "value"],
    "properties": {"key": TEXT, "value": TEXT, "description": TEXT, "disabled": {"type": "boolean"}},
}
# The part of https://schema.getpostman.com/json/collection/v2.1.0/collection.json that the collection uses.
SHAPE: dict[str, Any] = {
    "type": "object",
    "required": ["info", "item"],
    "properties": {
        "info": {"type": "object", "required": ["name", "schema"], "properties": {"name": TEXT, "schema": TEXT}},
        "item": {"type": "array", "items": {"$ref": "#/$defs/folder"}},
        "variable": {"type": "array", "items": PARAMETER},
        "auth": {"$ref": "#/$defs/auth"},
    },
    "$defs": {
        "auth": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": ["apikey", "noauth"]}, "apikey": {"type": "array", "items": PARAMETER}},
        },
        "folder": {
            "type": "object",
            "required": ["item", "name"],
            "properties": {"name": TEXT, "item": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}}},
        },
        "item": {
            "type": "object",
            "required": ["request", "name"],
            "properties": {
                "name": TEXT,
                "request": {"$ref": "#/$defs/request"},
                "response": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/response"}},
            },
        },
        "request": {
            "type": "object",
            "required": ["url", "method"],
            "properties": {
                "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                "auth": {"$ref": "#/$defs/auth"},
                "header": {"type": "array", "items": PARAMETER},
                "url": {
                    "type": "object",
                    "required": ["raw", "host", "path"],
                    "properties": {
                        "raw": TEXT,
                        "host": {"type": "array", "items": TEXT},
                        "path": {"type": "array", "items": TEXT},
                        "query": {"type": "array", "items": PARAMETER},
                        "variable": {"type": "array", "items": PARAMETER},
                    },
                },
                "body": {
                    "type": "object",
                    "required": ["mode", "raw"],
                    "properties": {"mode": {"const": "raw"}, "raw": TEXT, "options": {"type": "object"}},
                },
            },
        },
        "response": {
            "type": "object",
            "required": ["code", "name"],
            "properties": {
                "code": {"type": "integer"},
                "name": TEXT,
                "body": TEXT,
                "originalRequest": {"$ref": "#/$defs/request"},
            },
        },
    },
}


def type_of_body(request: dict[str, Any]) -> str:
    [content_type] = request["header"]
    return str(content_type["value"])


@pytest.fixture(scope="module")
def collection() -> dict[str, Any]:
    answer = Client().get("/api/postman.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    return dict(json.loads(answer.content))


def test_the_collection_has_the_shape_of_the_format(collection: dict[str, Any]) -> None:
    jsonschema.validate(collection, SHAPE)
    assert collection["info"]["schema"] == "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def test_every_operation_is_a_request_in_the_folder_of_its_tag(collection: dict[str, Any]) -> None:
    document = generate_document()
    operations = [
        (operation["tags"][0], method.upper(), path.replace("{", ":").replace("}", ""))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    requests = [
        (folder["name"], item["request"]["method"], item["request"]["url"]["raw"].removeprefix("{{baseUrl}}"))
        for folder in collection["item"]
        for item in folder["item"]
    ]
    assert sorted(requests) == sorted(operations)
    assert [folder["name"] for folder in collection["item"]] == [tag["name"] for tag in document["tags"]]


def test_every_body_is_of_its_type_and_every_path_variable_has_a_value(collection: dict[str, Any]) -> None:
    requests = [item["request"] for folder in collection["item"] for item in folder["item"]]
    bodies = [request for request in requests if "body" in request]
    types = Counter(type_of_body(request) for request in bodies)
    form = "application/x-www-form-urlencoded"
    assert (set(types), types["text/csv"], types[form]) == ({"application/json", "text/csv", form}, 2, 1)
    assert types["application/json"] > 25
    parsed = [json.loads(each["body"]["raw"]) for each in bodies if type_of_body(each) == "application/json"]
    assert all(isinstance(body, dict) for body in parsed)
    for request in requests:
        names = {part[1:] for part in request["url"]["path"] if part.startswith(":")}
        assert {variable["key"] for variable in request["url"]["variable"] if variable["value"]} == names
