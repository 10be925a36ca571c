"""openapi-typescript understands the OpenAPI document, and its types fit a program that was written by hand."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from distributor.api.reference.document import generate_document

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules"
# Beside the tests: `make test` must end where the registry cannot be reached.
INSTALL_SECONDS = 120


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tools() -> Path:
    """The locked npm packages. Installed once; installed again if the lock has changed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the TypeScript types of the OpenAPI document were not checked")
    installed, locked = INSTALLED / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
        try:
            done = subprocess.run(["npm", "ci"], cwd=FOLDER, capture_output=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode != 0:
            pytest.skip("npm ci failed: the TypeScript types of the OpenAPI document were not checked")
    return INSTALLED / ".bin"


def test_a_program_compiles_with_the_generated_types(tools: Path, tmp_path: Path) -> None:
    document = generate_document()
    # The native API alone: half the time, and the dialects have the same kinds of schemas.
    native = {path: of for path, of in document["paths"].items() if path.startswith("/api/v1/")}
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps({**document, "paths": native}))
    run(str(tools / "openapi-typescript"), str(source), "--default-non-nullable=false", "-o", "generated.ts")
    run(str(tools / "tsc"), "--project", ".")
