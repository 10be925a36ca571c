"""Paths, functions and links in the documents lead somewhere."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PACKAGES = ("channels", "config", "contacts", "distributor", "tables")

# Such as engine/dispatch/claim.py or engine/dispatch/claim.py:claim_batch; not …/<kind>.py.
_PATH = re.compile(r"(?<![\w./<>{}-])((?:[\w-]+/)+[\w-]+\.py)(?::([A-Za-z_]\w*))?")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_DECISION = re.compile(r"docs/decisions/(\d{4})")


def find_file(path: str) -> Path | None:
    """A file of the repository; paths may leave out `distributor/`."""
    return next((found for found in (ROOT / path, ROOT / "distributor" / path) if found.is_file()), None)


def names_of(file: Path) -> set[str]:
    """Every function, class and module variable of a file."""
    tree = ast.parse(file.read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return names | {target.id for target in assigned if isinstance(target, ast.Name)}


def anchors_of(document: Path) -> set[str]:
    """The anchors that GitHub gives to headings."""
    headings = (heading.lower() for heading in _HEADING.findall(document.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_named_files_and_functions_exist(document: Path) -> None:
    missing = []
    for path, name in _PATH.findall(document.read_text()):
        file = find_file(path)
        if file is None:
            missing.append(path)
        elif name and name not in names_of(file):
            missing.append(f"{path}:{name}")
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in _LINK.findall(document.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    assert not broken


def test_decisions_named_in_code_exist() -> None:
    known = {page.name[:4] for page in (ROOT / "docs/decisions").glob("*.md")}
    modules = [module for package in PACKAGES for module in (ROOT / package).rglob("*.py")]
    missing = [
        f"{module.relative_to(ROOT)}: {number}"
        for module in modules
        for number in _DECISION.findall(module.read_text())
        if number not in known
    ]
    assert not missing
