"""docs/log-events.md has every event that our code logs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.test_paths import PACKAGES, ROOT

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
FROM_PACKAGES = {"request_finished", "request_failed", "task_failed"}  # django-structlog's


def logged_in(module: Path) -> Iterator[str]:
    """The names of the events in a module: the first argument of logger.info() and the like."""
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("logger"), attr=level), args=[ast.Constant(str(name)), *_]):
                if level in LEVELS:
                    yield name


def test_every_event_is_documented_and_no_other() -> None:
    modules = [module for package in PACKAGES for module in (ROOT / package).rglob("*.py")]
    logged = {event for module in modules for event in logged_in(module)}
    documented = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/log-events.md").read_text(), re.MULTILINE)
    assert logged
    assert set(documented) == logged | FROM_PACKAGES
    assert len(documented) == len(set(documented))
