"""The code blocks of the documents, and how those of a page are run as one shell script beside a running stack."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.test_paths import DOCUMENTS, ROOT

# A block may have a comment of one line right above it, which only tests read.
_BLOCK = re.compile(r"(?:^<!-- ([^\n]*) -->\n)?^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"^(?:BLOCK (\d+)|STATUS (\d{3}) (.*))$", re.MULTILINE)
_NOT_RUN = "not run: "
# Their targets and paths are looked up instead: each takes minutes, and the tests are what runs now.
_TOO_LONG = re.compile(r"make (?!-|env)|\.venv/bin/python -m pytest")
# A page that fails half-way leaves no server behind that it has started.
_END_JOBS = "trap 'jobs -p | xargs --no-run-if-empty kill 2> /dev/null || true' EXIT"
# Says on stderr how each call was answered.
_CURL = """#!/bin/sh
exec {curl} -w '%{{stderr}}STATUS %{{http_code}} %{{method}} %{{url_effective}}\\n' "$@"
"""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `note` is the comment above it, without its brackets."""

    page: str
    line: int
    language: str
    text: str
    note: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def reason_not_to_run(self) -> str:
        """Why no test runs it, as the comment above it says; "" if one does."""
        return self.note.removeprefix(_NOT_RUN) if self.note.startswith(_NOT_RUN) else ""

    @property
    def commands(self) -> list[str]:
        """Its lines without comments."""
        lines = (line.partition("  #")[0].strip() for line in self.text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    @property
    def is_looked_up(self) -> bool:
        """Whether it has only commands that are checked without running them."""
        return all(_TOO_LONG.match(line) for line in self.commands)

    @property
    def is_run(self) -> bool:
        return self.language == "sh" and not self.reason_not_to_run and not self.is_looked_up


def read_blocks(page: Path) -> list[Block]:
    text, name = page.read_text(), str(page.relative_to(ROOT))
    return [
        Block(name, text.count("\n", 0, found.start(3)), found[2], found[3], found[1] or "")
        for found in _BLOCK.finditer(text)
    ]


BLOCKS = [block for page in DOCUMENTS for block in read_blocks(page)]
PAGES_TO_RUN = sorted({block.page for block in BLOCKS if block.is_run})


def run_page(page: str, folder: Path, exports: str, substitutes: Mapping[str, str]) -> list[str]:
    """Run a page's blocks from top to bottom; return what went wrong: an exit code, and calls answered by an error.

    `exports` is what `make env` prints: once is enough for all pages. `substitutes` are the addresses that this stack
    has instead of the usual ones.
    """
    prepare_folder(folder)
    blocks = [block for block in BLOCKS if block.page == page and block.is_run]
    lines = [exports, f'PATH={folder / "shims"}:"$PATH"', "set -euo pipefail", _END_JOBS]
    for block in blocks:
        lines += [f"echo BLOCK {block.line} >&2", block.text]
    script = "\n".join(lines).replace('eval "$(make env)"', ":")
    for usual, here in substitutes.items():
        script = script.replace(usual, here)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONDONT"))}
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    place, faults = page, []
    for line, status, call in _STATUS.findall(ran.stderr):
        if line:
            place = f"{page}:{line}"
        elif int(status) >= 400:
            faults.append(f"{place}: {status} {call}")
    if ran.returncode:
        faults.append(f"{place}: exit code {ran.returncode}\n{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}")
    return faults


def prepare_folder(folder: Path) -> None:
    """Make a folder with a file of people, in which commands are run as in the project's own."""
    if folder.exists():
        return
    (folder / "shims").mkdir(parents=True)
    for name in (".venv", "manage.py"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "people.csv").write_text("email,first name,Ward\nann@example.com,Ann,B\nben@example.com,Ben,C\n")
    found = subprocess.run(["sh", "-c", "command -v curl"], capture_output=True, text=True, check=True)
    shim = folder / "shims/curl"
    shim.write_text(_CURL.format(curl=found.stdout.strip()))
    shim.chmod(0o755)
