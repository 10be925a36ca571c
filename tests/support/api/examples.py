"""Answers of the API reference's examples: without what chance gave them, and recorded."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from distributor.api.dialects.distributions_v3.ids import Kind
from distributor.api.reference.examples import JSON_TYPE, PROBLEM_TYPE, example_files

A_TIME: Final = "2026-03-05T09:00:00"
A_MILLISECOND: Final = 1772701200000
_AN_ATTEMPT: Final = "175b05e0281abcf6387b93ee863b67b8"
# Values that differ in each run, by their keys.
_CHANCE: Final[Mapping[str, Any]] = {
    "requestId": "4f6c1d1e-0b0a-4c57-9f3d-2f6f5a1f7c11",
    "next": "MTIwNC4w",
    "nextCursor": "MDAwMDAwMDAtMDAwMC03MDAw",
    "requestedBy": "Demo (ptnXUnXB)",
    "Message-ID": f"<{_AN_ATTEMPT}.0a1b2c3d4e@demo-clinic.example>",
}
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PUBLIC_ID: Final = re.compile(rf"\b({'|'.join(Kind)})_[0-9A-Za-z]{{15}}\b")
_TIME: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?")
_ATTEMPT: Final = re.compile(r"\b[0-9a-f]{32}\b")
_CODES: Final = ("code", "personalLinkCode")  # keys of codes that stand alone
# Of events, recipients, batches of events and pings, and the secrets of endpoints.
_SEALED: Final = re.compile(r"\b(evt|rcp|bat)_[0-9A-Za-z_-]{22}")
_PING: Final = re.compile(r"\bping_[0-9a-f]{26}\b")
_SECRET: Final = re.compile(r"\bwhsec_[0-9A-Za-z+/=]+")
_ALONE: Final = re.compile(r"[0-9A-Za-z]{12}")
_CODE: Final = re.compile(r"(?<=/[pu]/)[0-9A-Za-z]{12}\b")


def content_of(response: Any) -> Any:
    """Return the parsed body of an answer, or its text if it is no JSON; None if it has none."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if not content:
        return None
    is_json = response["Content-Type"].partition(";")[0] in (JSON_TYPE, PROBLEM_TYPE)
    return json.loads(content) if is_json else content.decode("utf-8-sig")


def without_chance(answer: Any, ids: Mapping[str, str], asked: str) -> Any:
    """Return an answer as its example says it: ids by their names, and other values for those that chance gave."""
    names = {value: f"{{{{{name}}}}}" for name, value in ids.items() if name != "connected_list"}
    known: dict[str, str] = {}
    sealed: dict[str, str] = {}

    def text_of(text: str) -> str:
        text = text.replace(settings.PUBLIC_BASE_URL, "{{base_url}}").replace("http://testserver", "{{base_url}}")
        text = text.replace(ids["api_key"], "{{api_key}}")
        text = _UUID.sub(lambda found: names.get(found[0]) or _numbered(found[0], known), text)
        text = _PUBLIC_ID.sub(lambda found: names.get(found[0]) or f"{found[1]}_0MtUzZ3kQhJw1xY", text)
        text = _TIME.sub(lambda found: _time(found, asked), text)
        text = _SEALED.sub(lambda found: _sealed(found, sealed), text)
        text = _PING.sub("ping_0194c4f05a3d7b19a0c49d1e2f", text)
        text = _SECRET.sub("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", text)
        text = _ATTEMPT.sub(_AN_ATTEMPT, text)
        return _CODE.sub("{{code}}", text)

    def named(name: str) -> str:
        return text_of(name) if _UUID.search(name) or _PUBLIC_ID.search(name) else name

    def value_of(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            # Names of fields may be as long as a code.
            return {named(name): value_of(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [value_of(inner) for inner in value]
        if isinstance(value, int) and value > A_MILLISECOND // 2:
            return A_MILLISECOND
        if key == "id" and isinstance(value, int):
            return 1
        if key == "id" and str(value).isdigit():
            return names.get(value, "1206")
        if value is not None and key in _CHANCE:
            return _CHANCE[key]
        if key in _CODES and _ALONE.fullmatch(str(value)):
            return "{{code}}"
        return text_of(value) if isinstance(value, str) else value

    return value_of(answer)


def _time(found: re.Match[str], asked: str) -> str:
    """The time itself if the call named it or it follows from one that it named; all of these are later than 2030."""
    if found[0] in asked or found[0] >= "2030":
        return found[0]
    return A_TIME + (".000000" if found[1] else "")


def _numbered(found: str, known: dict[str, str]) -> str:
    return known.setdefault(found, f"00000000-0000-7000-9{len(known) + 1:03x}-000000000000")


def _sealed(found: re.Match[str], known: dict[str, str]) -> str:
    return known.setdefault(found[0], f"{found[1]}_4fP9cWq0T5yXhL2mB7sD{len(known) + 1:02}")


def record(operation_id: str, answers: Mapping[str, Any]) -> None:
    """Write the answers of an operation's calls into its example file."""
    file = example_files()[operation_id]
    content = json.loads(file.read_text())
    for name, answer in answers.items():
        content["calls"][name].pop("answer", None)
        if answer is not None:
            content["calls"][name]["answer"] = answer
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
