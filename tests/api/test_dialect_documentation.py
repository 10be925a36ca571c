"""The OpenAPI document describes every operation, parameter and field of the dialects."""

from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

TAGS = {"Quick distribution", "Single send", "Lists and links", "Recipient add"}
# Shared with the native API.
SHARED = ("FaultDocument", "ProblemDocument", "PlanDocument", "Planned", "PassedOver")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    generated: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return generated


def dialect_operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if TAGS & set(operation["tags"]):
                yield f"{method} {path}", operation


def component_names(document: dict[str, Any], part: Any) -> set[str]:
    """The components that a part refers to, and those that these refer to."""
    names: set[str] = set()
    pending = [part]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict):
            pending += [value for name, value in current.items() if name != "$ref"]
            name = str(current.get("$ref", "")).rpartition("/")[2]
            if name and name not in names:
                names.add(name)
                pending.append(document["components"]["schemas"][name])
    return names


def test_every_operation_and_parameter_has_a_description(document: dict[str, Any]) -> None:
    operations = list(dialect_operations(document))
    assert len(operations) >= 25
    for name, operation in operations:
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert all(parameter.get("description") for parameter in operation.get("parameters", [])), name


def test_every_field_has_a_description_and_an_example(document: dict[str, Any]) -> None:
    names = component_names(document, [operation for _name, operation in dialect_operations(document)])
    for name in sorted(name for name in names if not name.startswith(SHARED)):
        for field, schema in document["components"]["schemas"][name].get("properties", {}).items():
            assert schema.get("description"), (name, field)
            # Objects are described by their own fields, and constants by their value.
            needs_example = not component_names(document, schema) and schema.get("type") != "null"
            assert not needs_example or schema.get("examples"), (name, field)
