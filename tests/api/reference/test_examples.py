"""Every operation has examples, and each example is answered as it says, on the demo.

`RECORD_EXAMPLES=1` writes the answers into the example files instead: write the calls of a new operation, record, and
read what was recorded.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from distributor.api.reference.examples import Call, example_files, read_calls, shared_errors
from distributor.engine.infrastructure.idempotency import CallInFlightError
from tests.support.api.demo import Demo, Operations
from tests.support.api.examples import content_of, record, without_chance

RECORDS = bool(os.environ.get("RECORD_EXAMPLES"))
# The demo is made once; what a test writes is undone.
pytestmark = pytest.mark.django_db
# Answered before any operation is come to: one operation of each folder shows it.
SAME_FOR_ALL = (401, 403, 413, 415)
LONGER_THAN_ANY_FILE = "60000000"
UNKNOWN_ID = "00000000-0000-7000-8fff-000000000000"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    generated: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return generated


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> Operations:
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[Demo]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield Demo()
        transaction.set_rollback(True)


def test_every_operation_has_an_example_file_and_every_file_an_operation(operations: Operations) -> None:
    assert set(example_files()) == set(operations)


def test_every_operation_has_texts_and_examples_of_all_it_documents(document: dict[str, Any]) -> None:
    lacking = []
    for methods in document["paths"].values():
        for operation in methods.values():
            name = operation["operationId"]
            lacking += [(name, part) for part in ("summary", "description") if not operation.get(part)]
            parts = {**operation["responses"], "body": operation.get("requestBody", {})}
            lacking += [
                (name, part)
                for part, described in parts.items()
                for content in described.get("content", {}).values()
                if not content.get("examples") and content["schema"].get("format") != "binary"
            ]
            successes = {call.status for call in read_calls(example_files()[name]) if call.status < 400}
            lacking += [(name, code) for code in operation["responses"] if code < "400" and int(code) not in successes]
    assert lacking == []


@pytest.mark.parametrize("operation_id", example_files())
def test_the_examples_are_answered_as_they_say(demo: Demo, operations: Operations, operation_id: str) -> None:
    recorded = {}
    for call, template in zip(demo.calls_of(operation_id), read_calls_as_written(operation_id), strict=True):
        with transaction.atomic():  # each call by itself
            for other in call.first:
                earlier, _, name = other.partition(".")
                calls = demo.calls_of(earlier)
                before = demo.make(operations[earlier], next(c for c in calls if name in ("", c.name)))
                assert before.status_code < HTTPStatus.BAD_REQUEST, (other, before.content)
            response = demo.make(operations[operation_id], call)
            answer = content_of(response)
            transaction.set_rollback(True)
        assert response.status_code == call.status, (call.name, answer)
        recorded[call.name] = without_chance(answer, demo.ids, json.dumps(call.body))
        assert RECORDS or recorded[call.name] == template.answer, call.name
    if RECORDS:
        record(operation_id, recorded)


def read_calls_as_written(operation_id: str) -> list[Call]:
    """The calls with the names of ids instead of ids."""
    return read_calls(example_files()[operation_id], AsWritten())


class AsWritten(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"{{{{{name}}}}}"


@pytest.mark.parametrize("operation_id", example_files())
def test_errors_that_operations_share_are_answered_as_they_say(
    demo: Demo, document: dict[str, Any], operations: Operations, operation_id: str
) -> None:
    method, path = operations[operation_id]
    calls = demo.calls_of(operation_id)
    own = {call.status for call in calls}
    for code, described in document["paths"][path][method.lower()]["responses"].items():
        status = int(code)
        if status < 400 or status in own or (status in SAME_FOR_ALL and operation_id not in firsts_of_folders()):
            continue
        [content] = described["content"].values()
        component = content["schema"]["$ref"].rpartition("/")[2]
        response = provoke(demo, (method, path), calls[0], status)
        answer = content_of(response)
        assert response.status_code == status, answer
        expected = shared_errors()[component][code]["answer"]
        assert shape_of(answer) == shape_of(expected), code


@cache
def firsts_of_folders() -> set[str]:
    """The operation of each folder that documents the most errors, which is one with a body."""
    firsts = {file.parent: name for name, file in sorted(example_files().items()) if '"body"' in file.read_text()}
    return set(firsts.values())


def provoke(demo: Demo, operation: tuple[str, str], call: Call, status: int) -> Any:
    """Make a call that is answered with an error that any call may get."""
    match status:
        case 400:
            return demo.make(operation, call, content="{")
        case 401:
            return demo.make(operation, call, Client())
        case 403:
            return demo.make(operation, call, demo.scopeless)
        case 404:
            unknown = dict.fromkeys(call.path, UNKNOWN_ID)
            return demo.make(operation, Call(call.name, "", 404, unknown, body=call.body))
        case 409:
            with patch("distributor.api.calls.idempotency.answer_once", side_effect=CallInFlightError):
                return demo.make(operation, call, headers={"Idempotency-Key": "in flight"})
        case 413:
            return demo.make(operation, call, CONTENT_LENGTH=LONGER_THAN_ANY_FILE)
        case 415:
            return demo.make(operation, call, content="x", headers={"Content-Encoding": "br"})
        case 422:
            demo.make(operation, call, headers={"Idempotency-Key": "used"})
            return demo.make(operation, call, headers={"Idempotency-Key": "used"}, content='{"other": 1}')
        case 429:
            with patch("distributor.engine.exports.start.MAX_UNFINISHED", 0):
                return demo.make(operation, call)
    raise AssertionError(f"No way to provoke {status} is known: give {call.name} an example of its own.")


def shape_of(value: Any) -> Any:
    """The keys of a value at every depth, and what tells errors apart."""
    if isinstance(value, dict):
        return {
            name: inner if name in ("code", "status", "errorCode") else shape_of(inner) for name, inner in value.items()
        }
    return [shape_of(inner) for inner in value[:1]] if isinstance(value, list) else type(value).__name__
