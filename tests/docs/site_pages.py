"""What mkdocs.yml cannot say: a hook that lists the decisions and writes the page of the error codes from the code."""

import importlib
import pkgutil
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
DECISION = re.compile(r"(\d{4})-.+\.md")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Append the decisions to the chapter that has their overview, each with its own title."""
    explanation = next(chapter["Explanation"] for chapter in config.nav or [] if "Explanation" in chapter)
    decisions = next(entry for entry in explanation if "Decisions" in entry)
    pages = sorted(page for page in (ROOT / "docs/decisions").glob("*.md") if DECISION.fullmatch(page.name))
    decisions["Decisions"] = [
        {"All decisions": "decisions/README.md"},
        *({title_of(page): f"decisions/{page.name}"} for page in pages),
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "reference/error-codes.md", content=write_error_codes()))
    return files


def title_of(page: Path) -> str:
    """Return the first heading of a page, with its number if it is a decision."""
    heading = page.read_text().partition("\n")[0].lstrip("# ")
    return heading if heading[:1].isdigit() else f"{int(page.name[:4])}. {heading}"


def write_error_codes() -> str:
    """Return the page: each code with its status, meaning and remedy, as at `/errors/` of an installation."""
    sys.path.insert(0, str(ROOT))
    from distributor.api.reference import errors

    names = sorted(module.name for module in pkgutil.iter_modules(errors.__path__) if module.name.startswith("of_"))
    modules = [importlib.import_module(f"{errors.__name__}.{name}") for name in names]
    lines = [
        "# Error codes\n",
        "`code` of a problem, or of one of its `errors`. The `type` of a problem is the address of its code's page",
        "on the installation, below `/errors/`, with an example. This page is made from the same table.\n",
    ]
    for module in modules:
        lines += [
            f"## {(module.__doc__ or '').partition('.')[0]}\n",
            "| code | status | meaning | what to do |",
            "|---|---|---|---|",
        ]
        for code, entry in sorted(module.CODES.items()):
            lines.append(f"| `{code}` | {entry.status or ''} | {cell(entry.meaning)} | {cell(entry.remedy)} |")
        lines.append("")
    return "\n".join(lines)


def cell(text: str) -> str:
    return text.replace("|", "\\|")
