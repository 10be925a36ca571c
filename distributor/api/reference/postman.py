"""The OpenAPI document as a Postman collection (v2.1): a folder for each tag, a request for each operation."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from distributor.api.reference.examples import JSON_TYPE, PROBLEM_TYPE
from distributor.api.reference.placeholders import BASE_URL, PLACEHOLDERS

SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_PATH_VARIABLE: Final = re.compile(r"\{(\w+)\}")


class _Example(NamedTuple):
    """An example of a body. Values other than texts are JSON."""

    name: str
    media_type: str
    value: Any

    @property
    def language(self) -> str:
        return "json" if self.media_type in (JSON_TYPE, PROBLEM_TYPE) else "text"

    @property
    def text(self) -> str:
        is_text = isinstance(self.value, str) and self.language == "text"
        return self.value if is_text else json.dumps(self.value, indent=2, ensure_ascii=False)


def collection_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the collection. Its variables are `baseUrl` and `apiKey`; every request sends the key as `x-api-key`."""
    folders: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            folders[operation["tags"][0]].append(_item(path, method, operation))
    return {
        "info": {
            "_postman_id": str(uuid5(NAMESPACE_URL, document["info"]["title"])),
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {
            "type": "apikey",
            "apikey": [
                {"key": "key", "value": "x-api-key", "type": "string"},
                {"key": "value", "value": "{{apiKey}}", "type": "string"},
                {"key": "in", "value": "header", "type": "string"},
            ],
        },
        "variable": [
            {"key": "baseUrl", "value": BASE_URL, "type": "string"},
            {"key": "apiKey", "value": PLACEHOLDERS["api_key"], "type": "string"},
        ],
        "item": [
            {"name": tag["name"], "description": tag["description"], "item": folders[tag["name"]]}
            for tag in document["tags"]
        ],
    }


def _item(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    bodies = list(_examples(operation.get("requestBody", {})))
    request = _request(path, method, operation, bodies[0] if bodies else None)
    return {
        "name": operation["summary"],
        "request": request,
        "response": [
            _response(status, example, request)
            for status, described in operation["responses"].items()
            for example in _examples(described)
        ],
    }


def _request(path: str, method: str, operation: Mapping[str, Any], body: _Example | None) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": method.upper(),
        "description": operation["description"],
        "header": [],
        "url": _url(path, operation.get("parameters", [])),
    }
    if not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    if body is not None:
        request["header"] = [{"key": "Content-Type", "value": body.media_type}]
        request["body"] = {"mode": "raw", "raw": body.text, "options": {"raw": {"language": body.language}}}
    return request


def _url(path: str, parameters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the address. Of the query only parameters with an example are switched on."""
    postman_path = _PATH_VARIABLE.sub(r":\1", path)
    query = [_parameter(each) | {"disabled": "example" not in each} for each in parameters if each["in"] == "query"]
    url = {
        "raw": "{{baseUrl}}" + postman_path,
        "host": ["{{baseUrl}}"],
        "path": postman_path.strip("/").split("/"),
        "variable": [_parameter(each) for each in parameters if each["in"] == "path"],
    }
    return url | ({"query": query} if query else {})


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    value = str(parameter.get("example", ""))
    return {"key": parameter["name"], "value": value, "description": parameter.get("description", "")}


def _response(status: str, answer: _Example, request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": f"{status}: {answer.name}",
        "originalRequest": request,
        "code": int(status),
        "header": [{"key": "Content-Type", "value": answer.media_type}],
        "body": answer.text,
        "_postman_previewlanguage": answer.language,
    }


def _examples(described: Mapping[str, Any]) -> Iterator[_Example]:
    for media_type, content in described.get("content", {}).items():
        for example in content.get("examples", {}).values():
            yield _Example(example["summary"], media_type, example["value"])
