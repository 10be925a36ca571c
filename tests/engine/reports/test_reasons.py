"""Every reason that the engine itself writes has a sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

from distributor import engine
from distributor.engine.dispatch.outcome import _FAILURE_REASONS
from distributor.rules.phrases import PHRASES
from tests.rules.test_phrases import reasons_known_to_the_rules


def reasons_written_out() -> Iterator[str]:
    """Yield the reasons of decisions that the engine gives as literals, such as new_decision()'s second argument."""
    for source in Path(engine.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                reasons = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
                if called == "new_decision":
                    reasons += node.args[1:2]
                for reason in reasons:
                    if called in ("Decision", "create", "new_decision") and isinstance(reason, ast.Constant):
                        yield str(reason.value)


def test_every_reason_that_the_engine_adds_has_a_phrase() -> None:
    written = set(reasons_written_out())
    assert written == {"processing_failed"}
    # No more and no fewer than there are reasons.
    assert written | set(_FAILURE_REASONS.values()) | reasons_known_to_the_rules() == PHRASES.keys()
