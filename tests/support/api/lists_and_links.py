"""Calls of the lists-and-links dialect, and the shape of their answers."""

import json
import re
from datetime import datetime
from typing import Any

from django.test import Client

from contacts.models import Organization
from distributor.api.dialects.distributions_v3.ids import Kind, public_id

BASE = "/API/v3"
ID_LENGTH = 15


def call(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Call a path below the base path. A body that is not text is sent as JSON; `_` in header names becomes `-`."""
    text = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
    header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(method, f"{BASE}/{path}", text, content_type="application/json", headers=header_fields)


def result_of(response: Any) -> Any:
    """Check that the call succeeded and that its envelope is as published, and return the result."""
    assert response.status_code == 200, response.content
    answer = response.json()
    assert set(answer) == {"result", "meta"}
    assert answer["meta"] == {"httpStatus": "200 - OK", "requestId": response["X-Request-Id"]}
    return answer["result"]


def elements_of(response: Any) -> list[dict[str, Any]]:
    result = result_of(response)
    assert set(result) == {"elements", "nextPage"}
    elements: list[dict[str, Any]] = result["elements"]
    return elements


def error_of(response: Any, http_status: str) -> dict[str, Any]:
    """Check that the call failed with this status in the published shape, and return the error."""
    answer = response.json()
    assert set(answer) == {"meta"}, response.content
    meta = answer["meta"]
    assert set(meta) == {"httpStatus", "requestId", "error"}
    assert (meta["httpStatus"], meta["requestId"]) == (http_status, response["X-Request-Id"])
    assert response.status_code == int(http_status[:3])
    error: dict[str, Any] = meta["error"]
    assert error["errorMessage"]
    assert error["errorCode"]
    return error


def faults_of(response: Any) -> list[tuple[str, str]]:
    """Pointer and code of each error of a bad request."""
    return [(fault["pointer"], fault["code"]) for fault in error_of(response, "400 - Bad Request")["errors"]]


def is_id(prefix: str, text: str) -> bool:
    """Whether the text is an ID with this prefix, as published clients check it."""
    return re.fullmatch(f"{prefix}_[0-9A-Za-z]{{{ID_LENGTH}}}", text) is not None


def lists_path(organization: Organization) -> str:
    return f"directories/{public_id(Kind.DIRECTORY, organization.pk)}/mailinglists"


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
