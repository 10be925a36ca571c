"""The OpenAPI document of the native API explains itself: operations, parameters, and fields with real examples."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def schema() -> Json:
    answer = Client().get("/api/schema", headers={"accept": "application/vnd.oai.openapi+json"})
    document: Json = json.loads(answer.content)
    return document


def native_operations(schema: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in schema["paths"].items():
        if path.startswith("/api/v1/"):
            yield from ((f"{method} {path}", methods[method]) for method in METHODS if method in methods)


def references_in(part: Any) -> Iterator[str]:
    """The names of the components that a part of the document refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            yield from references_in(value)


def native_components(schema: Json) -> dict[str, Json]:
    """The components that native operations use, directly or through others."""
    known: dict[str, Json] = {}
    left = [name for _, operation in native_operations(schema) for name in references_in(operation)]
    while left:
        name = left.pop()
        if name not in known:
            known[name] = schema["components"]["schemas"][name]
            left += references_in(known[name])
    return known


def holds_objects(schema: Json, field: Json) -> bool:
    """Whether a field is an object with fields of its own, or a list of such: these have the examples."""
    components = schema["components"]["schemas"]
    return any("properties" in components[name] for name in references_in(field))


def test_every_operation_has_a_summary_a_description_and_a_tag(schema: Json) -> None:
    operations = dict(native_operations(schema))
    assert len(operations) >= 40
    for name, operation in operations.items():
        assert operation.get("summary"), name
        assert operation.get("description", "").endswith("."), name
        assert not operation["summary"].endswith("."), name
        assert len(operation["tags"]) == 1, name
        assert operation["tags"] != ["native"], name


def test_every_tag_is_described(schema: Json) -> None:
    described = {tag["name"] for tag in schema["tags"] if tag["description"]}
    used = {tag for _, operation in native_operations(schema) for tag in operation["tags"]}
    assert used <= described


def test_no_two_operations_have_the_same_summary(schema: Json) -> None:
    summaries = [operation["summary"] for _, operation in native_operations(schema)]
    assert len(set(summaries)) == len(summaries)


def test_every_parameter_has_a_description(schema: Json) -> None:
    lacking = [
        (name, parameter["name"])
        for name, operation in native_operations(schema)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert lacking == []


def test_every_object_and_every_field_has_a_description(schema: Json) -> None:
    lacking = []
    for name, component in native_components(schema).items():
        if "properties" not in component:
            continue
        if not component.get("description"):
            lacking.append(name)
        lacking += [f"{name}.{key}" for key, field in component["properties"].items() if not field.get("description")]
    assert lacking == []


def test_every_field_has_an_example(schema: Json) -> None:
    lacking = [
        f"{name}.{key}"
        for name, component in native_components(schema).items()
        for key, field in component.get("properties", {}).items()
        if not field.get("examples") and not holds_objects(schema, field)
    ]
    assert lacking == []
