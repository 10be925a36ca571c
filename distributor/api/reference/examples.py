"""Examples of calls and answers: `examples/<tag>/<operationId>.json`, put into the OpenAPI document.

A file has `calls`, each of which can be made alone:

    {"path": {"survey_id": "{{survey}}"},
     "calls": {"by_email": {"summary": "By e-mail, now", "body": {…}, "status": 202, "answer": {…}}}}

A call may also have `path`, `query`, `headers`, and in `first` the operations whose first call comes before it, or the
call that is named after a dot. Of a call with a file, `body_type` is the media type; a form has its parts by name.
`answer_type` is the media type of an answer that is no JSON. Both are then texts.
Answers that many operations share, such as 401, are in `examples/errors/`, by the component that documents them.
tests/api/reference/test_examples.py makes every call on the demo.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from distributor.api.reference.placeholders import PLACEHOLDERS, fill_in

FOLDER: Final = Path(__file__).parent / "examples"
JSON_TYPE: Final = "application/json"
PROBLEM_TYPE: Final = "application/problem+json"
_SHARED: Final = FOLDER / "errors"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation, and its answer."""

    name: str
    summary: str
    status: int
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    body_type: str = JSON_TYPE
    answer: Any = None
    answer_type: str = JSON_TYPE
    first: tuple[str, ...] = ()


def read_calls(file: Path, ids: Mapping[str, str] = PLACEHOLDERS) -> list[Call]:
    """Return the calls of an example file, with these ids."""
    content = json.loads(fill_in(file.read_text(), ids))
    path = content.get("path", {})
    return [
        Call(name, **{**call, "path": path | call.get("path", {}), "first": tuple(call.get("first", ()))})
        for name, call in content["calls"].items()
    ]


@cache
def example_files() -> dict[str, Path]:
    """Return the example files by operation id."""
    return {file.stem: file for file in sorted(FOLDER.glob("*/*.json")) if file.parent != _SHARED}


@cache
def shared_errors() -> dict[str, dict[str, Any]]:
    """Return the shared errors by the component that documents them and by status: `summary` and `answer`."""
    return {file.stem: json.loads(fill_in(file.read_text(), PLACEHOLDERS)) for file in sorted(_SHARED.glob("*.json"))}


def add_examples(document: dict[str, Any]) -> None:
    """Put the examples of each operation beside its parameters, body and answers."""
    files = example_files()
    for methods in document["paths"].values():
        for operation in methods.values():
            file = files.get(operation["operationId"])
            calls = read_calls(file) if file else []
            _add_to_parameters(operation, calls)
            _add_to_body(operation, calls)
            _add_to_answers(operation, calls)


def _add_to_parameters(operation: dict[str, Any], calls: list[Call]) -> None:
    """Only the first call counts: “try it out” fills all of them in at once."""
    given = {**calls[0].path, **calls[0].query} if calls else {}
    for parameter in operation.get("parameters", []):
        if parameter["name"] in given and parameter["in"] in ("path", "query"):
            parameter.pop("examples", None)
            parameter["example"] = given[parameter["name"]]


def _add_to_body(operation: dict[str, Any], calls: list[Call]) -> None:
    """Only of calls that succeed: a generated client would offer the others too."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        bodies = {
            call.name: {"summary": call.summary, "value": call.body}
            for call in calls
            if call.body is not None and call.status < 400 and call.body_type == media_type
        }
        if bodies:
            content["examples"] = bodies


def _add_to_answers(operation: dict[str, Any], calls: list[Call]) -> None:
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            answer_type = JSON_TYPE if media_type == PROBLEM_TYPE else media_type
            own = {
                call.name: {"summary": call.summary, "value": call.answer}
                for call in calls
                if call.status == int(status) and call.answer is not None and call.answer_type == answer_type
            }
            if examples := own or _shared(content["schema"], status):
                content["examples"] = examples


def _shared(schema: Mapping[str, Any], status: str) -> dict[str, Any]:
    component = str(schema.get("$ref", "")).rpartition("/")[2]
    shared = shared_errors().get(component, {}).get(status)
    return {shared["name"]: {"summary": shared["summary"], "value": shared["answer"]}} if shared else {}
