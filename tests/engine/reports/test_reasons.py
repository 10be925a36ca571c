"""Every reason that the engine itself writes has a sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

from distributor import engine
from distributor.engine.dispatch.outcome import _FAILURE_REASONS
from distributor.rules.phrases import LANGUAGES
from tests.rules.test_phrases import reasons_known_to_the_rules


def reasons_written_out() -> Iterator[str]:
    """Reasons that the engine's own code gives to new_decision() as they stand."""
    for source in Path(engine.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "new_decision":
                reasons = [*node.args[1:2], *(given.value for given in node.keywords if given.arg == "reason")]
                yield from (str(reason.value) for reason in reasons if isinstance(reason, ast.Constant))


def test_every_reason_that_the_engine_adds_has_a_phrase() -> None:
    written = set(reasons_written_out())
    # The second one is shown in timelines and not stored.
    assert written == {"processing_failed", "account_unavailable"}
    # No more and no fewer than there are reasons.
    for language in LANGUAGES.values():
        assert written | set(_FAILURE_REASONS.values()) | reasons_known_to_the_rules() == language.reasons.keys()
