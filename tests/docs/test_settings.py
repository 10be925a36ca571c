"""docs/reference/settings.md has every variable that the configuration reads, with its default, and no other."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from config.statement_limits import _DEFAULTS_SECONDS
from tests.docs.test_paths import ROOT

_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
READERS = {"env.str", "env.bool", "env.int", "env.list", "env.db_url", "os.environ.get"}


def read_variables() -> Iterator[tuple[str, str]]:
    """Yield each variable that config/*.py reads with its default as the page writes it; "": the page explains it."""
    for module in (ROOT / "config").glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            match node:
                case ast.Call(args=[ast.Constant(str(name)), *rest]) if ast.unparse(node.func) in READERS:
                    given = [*rest, *(keyword.value for keyword in node.keywords if keyword.arg == "default")]
                    yield name, write_default(given, is_required=not ast.unparse(node.func).startswith("os."))


def write_default(given: list[ast.expr], *, is_required: bool) -> str:
    match given:
        case []:
            return "required" if is_required else "empty"
        case [ast.Constant("") | ast.Constant(None) | ast.List([])]:
            return "empty"
        case [ast.Constant(bool(switch))]:
            return f"`{int(switch)}`"
        case [ast.Constant(int(number))]:
            return f"`{number}`"
        case [ast.Constant(str(value)) | ast.List([ast.Constant(str(value))]) | ast.Name(value)]:
            return f"`{value}`"
    return ""


def expected_defaults() -> dict[str, str]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, default in read_variables():
        found[name].add(default)
    for process, limits in _DEFAULTS_SECONDS.items():
        for kind, seconds in zip(("STATEMENT", "LOCK"), limits, strict=True):
            found[f"{process.upper()}_{kind}_TIMEOUT_SECONDS"].add(f"`{seconds:.0f}`")
    return {name: defaults.pop() if len(defaults) == 1 else "" for name, defaults in found.items()}


def test_every_variable_is_documented_with_its_default_and_no_other() -> None:
    rows = _ROW.findall((ROOT / "docs/reference/settings.md").read_text())
    documented = {name: default for name, default, _ in rows}
    expected = expected_defaults()
    assert len(expected) > 30
    assert documented.keys() == expected.keys()
    assert {name: documented[name] for name, default in expected.items() if default} == {
        name: default for name, default in expected.items() if default
    }


def test_every_meaning_says_something() -> None:
    rows = _ROW.findall((ROOT / "docs/reference/settings.md").read_text())
    assert [name for name, _, meaning in rows if len(meaning.split()) < 3] == []
