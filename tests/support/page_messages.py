"""The translatable texts of the pages and of the control room, read from templates and Python code."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

Text = str | tuple[str, str]
DISTRIBUTOR = Path(__file__).resolve().parents[2] / "distributor"
_KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}
_TEMPLATES = (
    "pages/*.html",
    "control_room/**/*.html",
    "admin/base_site.html",
    "admin/contacts/apikey/change_form.html",
)
_CODE = ("pages", "control_room")


def translatable_texts() -> Iterator[tuple[Text, str, int]]:
    """Yield text, path and line of each text that the pages mark for translation. With a plural it is two texts."""
    for pattern in _TEMPLATES:
        for path in sorted((DISTRIBUTOR / "templates").glob(pattern)):
            # `makemessages` converts templates to Python in the same way.
            yield from _texts_in(path, templatize(path.read_text(encoding="utf-8")))
    for folder in _CODE:
        for path in sorted((DISTRIBUTOR / folder).rglob("*.py")):
            yield from _texts_in(path, path.read_text(encoding="utf-8"))
    table = DISTRIBUTOR.parent / "channels" / "placeholders.py"  # the editor of templates shows it
    yield from _texts_in(table, table.read_text(encoding="utf-8"))
    faults = DISTRIBUTOR / "engine" / "imports" / "faults.py"  # of rows: shown by the pages of imports
    yield from _texts_in(faults, faults.read_text(encoding="utf-8"))


def _texts_in(path: Path, python: str) -> Iterator[tuple[Text, str, int]]:
    for line, function, text, _comments in extract_python(io.BytesIO(python.encode()), _KEYWORDS, (), {}):
        # For a function with one text, Babel yields the text itself, although its annotation says a list.
        found = (str(text[0]), str(text[1])) if function == "ngettext" else str(text)
        yield found, path.relative_to(DISTRIBUTOR.parent).as_posix(), line
