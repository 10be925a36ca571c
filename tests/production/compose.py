"""docker-compose.yml, read as Docker reads it: with variables filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")


def read_compose(**variables: str) -> dict[str, Any]:
    """Return the services with these variables. Raises KeyError for a required variable that is missing."""
    services: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    filled: dict[str, Any] = _fill(services, variables)
    return filled


def _fill(node: Any, variables: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _fill(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, variables) for value in node]
    return _VARIABLE.sub(lambda match: _value(match, variables), node) if isinstance(node, str) else node


def _value(match: re.Match[str], variables: dict[str, str]) -> str:
    if value := variables.get(match["name"]):
        return value
    if match["kind"] == "?":
        raise KeyError(match["name"])
    return match["text"] or ""


def example_variables() -> dict[str, str]:
    """Return the variables of .env.example; the empty ones have no value yet."""
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
