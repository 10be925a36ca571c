"""The translatable texts of the pages, read from templates and Python code."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

DISTRIBUTOR = Path(__file__).resolve().parents[2] / "distributor"
_KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None}


def translatable_texts() -> Iterator[tuple[str, str, int]]:
    """Yield text, path and line of each text that the pages mark for translation."""
    for path in sorted((DISTRIBUTOR / "templates/pages").rglob("*.html")):
        # `makemessages` converts templates to Python in the same way.
        yield from _texts_in(path, templatize(path.read_text(encoding="utf-8")))
    for path in sorted((DISTRIBUTOR / "pages").rglob("*.py")):
        yield from _texts_in(path, path.read_text(encoding="utf-8"))


def _texts_in(path: Path, python: str) -> Iterator[tuple[str, str, int]]:
    for line, _function, text, _comments in extract_python(io.BytesIO(python.encode()), _KEYWORDS, (), {}):
        # For a function with one text, Babel yields the text itself, although its annotation says a list.
        yield str(text), path.relative_to(DISTRIBUTOR.parent).as_posix(), line
