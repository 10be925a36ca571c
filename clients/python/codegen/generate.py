"""All generated files: a pure function of the OpenAPI document and of the client's async half."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from codegen.models import write_models
from codegen.operations import write_operations
from codegen.sync import to_sync

SOURCE = Path(__file__).resolve().parents[1] / "src" / "distributor_client"
_SETTINGS = Path(__file__).resolve().parents[3] / "pyproject.toml"


def generate(document: Mapping[str, Any]) -> dict[Path, str]:
    """Return the text of each generated file."""
    files = {SOURCE / "models" / f"{name}.py": text for name, text in write_models(document).items()}
    files[SOURCE / "operations.py"] = write_operations(document)
    for path in sorted((SOURCE / "_async").glob("*.py")):
        files[SOURCE / "_sync" / path.name] = to_sync(path.read_text())
    return _formatted(files)


def _formatted(files: Mapping[Path, str]) -> dict[Path, str]:
    with TemporaryDirectory() as folder:
        copies = {path: Path(folder) / path.relative_to(SOURCE) for path in files}
        for path, copy in copies.items():
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(files[path])
        ruff = str(Path(sys.executable).with_name("ruff"))
        for command in (["check", "--fix-only"], ["format"]):
            subprocess.run([ruff, *command, "--quiet", "--no-cache", "--config", str(_SETTINGS), folder], check=True)
        return {path: copy.read_text() for path, copy in copies.items()}
