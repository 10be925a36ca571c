"""The documentation site builds without a warning, has every page, and asks nothing of other servers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_paths import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a broken link or a page without a place in the menu is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert (built.returncode, built.stderr) == (0, "")
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    documents = {path.with_name("index") if path.name == "README" else path for path in documents}
    pages = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}
    assert pages - documents == {Path("404"), Path("reference/error-codes")}
    assert documents <= pages


def test_pages_load_nothing_from_other_servers(site: Path) -> None:
    loaded = re.compile(r"""<(?:script|img|iframe)[^>]+src=["']?(?:https?:)?//|<link[^>]+rel=["']?stylesheet[^>]+//""")
    assert [str(page) for page in site.rglob("*.html") if loaded.search(page.read_text())] == []


def test_the_codes_of_the_code_are_on_their_page(site: Path) -> None:
    from distributor.api.reference.errors.catalogue import CATALOGUE

    page = (site / "reference/error-codes.html").read_text()
    assert [code for code in CATALOGUE if f"<code>{code}</code>" not in page] == []
