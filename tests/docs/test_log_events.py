"""docs/log-events.md has every event that our code logs, with its keys."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.docs.test_paths import PACKAGES, ROOT

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
FROM_PACKAGES = {"request_finished", "request_failed", "task_failed"}  # django-structlog's
TRACEBACK = "exc_info"  # not a key of the line

# | `event` | level | `key`, `key` | …
_ROW = re.compile(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", re.MULTILINE)


def logged_in(module: Path) -> Iterator[tuple[str, set[str]]]:
    """The events in a module with their keys: the arguments of logger.info() and the like."""
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("logger"), attr=level), args=[ast.Constant(str(name)), *_]):
                if level in LEVELS:
                    yield name, {keyword.arg for keyword in node.keywords if keyword.arg} - {TRACEBACK}


def test_every_event_is_documented_with_its_keys_and_no_other() -> None:
    logged: dict[str, set[str]] = defaultdict(set)
    for package in PACKAGES:
        for module in (ROOT / package).rglob("*.py"):
            for event, keys in logged_in(module):
                logged[event] |= keys
    rows = _ROW.findall((ROOT / "docs/log-events.md").read_text())
    documented = {event: set(re.findall(r"`(\w+)`", keys)) for event, keys in rows}
    assert len(rows) == len(documented)
    assert documented.keys() >= FROM_PACKAGES
    assert logged
    assert {event: keys for event, keys in documented.items() if event not in FROM_PACKAGES} == logged


def test_alerts_and_symptoms_name_events_that_exist() -> None:
    page = (ROOT / "docs/production.md").read_text()
    chapters = page.partition("## Alerts")[2].partition("## Backup")[0]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", chapters)) - {"last_error", "due_at", "pg_stat_activity"}
    assert len(named) > 5
    assert named <= {event for event, _ in _ROW.findall((ROOT / "docs/log-events.md").read_text())}
