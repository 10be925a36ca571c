"""What is generated is up to date, and every operation of the native API has a method."""

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from codegen.generate import SOURCE, generate
from distributor.api.reference.document import generate_document
from distributor_client import Distributor
from distributor_client._sync.resource import Resource
from distributor_client.calls import PREFIX, REPEATABLE_PATHS


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return generate_document()


def test_generating_changes_nothing(document: dict[str, Any]) -> None:
    generated = generate(document)
    stale = [path for path, text in generated.items() if not path.exists() or path.read_text() != text]
    left_over = {path for folder in ("models", "_sync") for path in (SOURCE / folder).glob("*.py")} - set(generated)
    assert (stale, left_over) == ([], set()), "run make client"


def test_every_operation_has_a_method(document: dict[str, Any], tmp_path: Path) -> None:
    operations = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(f"{PREFIX}/")
    }
    made = set(calls_of_all_methods(tmp_path))
    assert made == operations


def test_what_may_be_repeated_is_a_post_without_a_key(document: dict[str, Any]) -> None:
    for path in REPEATABLE_PATHS:
        names = {each["name"] for each in document["paths"][PREFIX + path]["post"].get("parameters", [])}
        assert "Idempotency-Key" not in names, path


class Called(Exception):
    pass


def calls_of_all_methods(folder: Path) -> Iterator[tuple[str, str]]:
    """Call each method with made-up ids, and yield what it asks first."""
    seen: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, re.sub(r"(?<=/)x(?=/|$)", "{}", request.url.path)))
        raise Called

    file = folder / "people.csv"
    file.touch()
    with Distributor("http://test", "key", transport=httpx.MockTransport(answer)) as client:
        for resource in vars(client).values():
            if isinstance(resource, Resource) and type(resource).__module__.startswith("distributor_client"):
                for method in public_methods(resource):
                    with pytest.raises(Called):
                        exhaust(method(**made_up(method, {"path": file, "answers": {}, "responses": []})))
    yield from seen


def public_methods(resource: Resource) -> Iterator[Any]:
    for name, method in inspect.getmembers(resource, inspect.ismethod):
        if not name.startswith("_"):
            yield method


def made_up(method: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: known.get(name, "x")
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }


def exhaust(result: Any) -> None:
    if inspect.isgenerator(result):
        next(result)
