"""The faces of the API: for each, a call that it accepts, and the shape of its errors."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client


def problem_of(answer: dict[str, Any]) -> str:
    """Check that an error is a problem document, and return its detail."""
    assert set(answer) == {"type", "title", "status", "code", "detail", "requestId", "errors"}, answer
    return " ".join([answer["detail"], *(fault["detail"] for fault in answer["errors"])])


def envelope_error_of(answer: dict[str, Any]) -> str:
    assert set(answer) == {"meta"}, answer
    return str(answer["meta"]["error"]["errorMessage"])


def error_texts_of(answer: dict[str, Any]) -> str:
    assert set(answer) == {"Errors"}, answer
    assert answer["Errors"]
    return " ".join(answer["Errors"])


@dataclass(frozen=True)
class Face:
    """A face with one of its calls. `error_text` checks the shape of an error and returns its text."""

    name: str
    path: str
    body: dict[str, Any]
    status: int
    error_text: Callable[[dict[str, Any]], str]

    def post(self, client: Client, body: bytes | None = None, **options: Any) -> Any:
        """Make the call, with its own body unless one is given. `options` are as of Django's client."""
        content = json.dumps(self.body).encode() if body is None else body
        return client.post(self.path, content, content_type="application/json", **options)

    def check_error(self, response: Any, status: int) -> str:
        """Check that a response is an error of this face: JSON, bounded, never HTML. Return its text."""
        assert response.status_code == status, response.content[:500]
        assert "html" not in response["Content-Type"]
        assert len(response.content) < 1_000_000
        return self.error_text(json.loads(response.content))
