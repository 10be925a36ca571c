"""The plain-text part of an e-mail, from its HTML part. Placeholders stay as they are."""

import re
from html.parser import HTMLParser
from typing import Final

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6", "header")
_ROWS: Final = ("dd", "dl", "dt", "li", "ol", "table", "td", "th", "tr", "ul")
_BLOCKS: Final = frozenset(
    (*_HEADINGS, *_ROWS, "address", "article", "blockquote", "br", "div", "footer", "hr", "p", "section")
)
_HIDDEN: Final = frozenset(("head", "script", "style", "title"))
_TAG: Final = re.compile(r"<[a-zA-Z!/][^>]*>")


def is_html(text: str) -> bool:
    """Whether a text has a tag of HTML."""
    return _TAG.search(text) is not None


def plain_text(html: str) -> str:
    """Return what a reader sees: a line for each block, and the address of a link behind its text.

    `<p>Hello</p><a href="${link}">Answer</a>` becomes `Hello` and `Answer: ${link}`, each on its own line.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden_depth = 0
        self._address = ""
        self._link_start = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden_depth += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            self._address, self._link_start = dict(attrs).get("href") or "", len(self.pieces)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden_depth = max(0, self._hidden_depth - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a" and self._address:
            shown = "".join(self.pieces[self._link_start :]).strip()
            if self._address != shown:
                self.pieces.append(f": {self._address}" if shown else self._address)
            self._address = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden_depth:
            # Line breaks of the source are spaces to a reader.
            self.pieces.append(re.sub(r"\s+", " ", data))
