"""The encoding of a text file: by its byte order mark, else UTF-8 if all of it is, else a guess among code pages."""

import codecs
from pathlib import Path
from typing import Final

from tables.reading.errors import UnreadableFileError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE_BYTES: Final = 1 << 20
_SAMPLE_BYTES: Final = 64 * 1024
_CODE_PAGES: Final = ["cp1250", "cp1252", "iso8859_2", "cp1251"]
# The letters ą ś ź Ą Ś Ź stand at other places in the two code pages that Polish is written in.
_ONLY_IN_CP1250: Final = frozenset(range(0x80, 0xA0))
_POLISH_OF_ISO: Final = frozenset(b"\xb1\xb6\xbc\xa1\xa6\xac")


def detect_encoding(path: Path) -> str:
    """Return the Python name of the file's encoding. Raises UnreadableFileError for what is no text."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if start.count(0) > len(start) // 4:
        if encoding := _utf16_without_mark(start):
            return encoding
        raise UnreadableFileError("not_text")
    bad = _first_bad_bytes(path)
    if bad is None:
        return "utf-8"
    if 0 in start:
        raise UnreadableFileError("not_text")
    return _guess(bad)


def _utf16_without_mark(start: bytes) -> str:
    """Return the encoding if almost every other byte is 0, as in Latin text."""
    half = len(start) // 2
    if start[1::2].count(0) > half * 0.7 and not start[0::2].count(0):
        return "utf-16-le"
    if start[0::2].count(0) > half * 0.7 and not start[1::2].count(0):
        return "utf-16-be"
    return ""


def _first_bad_bytes(path: Path) -> bytes | None:
    """Return bytes from a little before the first one that is not UTF-8; None if all of the file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return _lines_with_letters(piece + file.read(_PIECE_BYTES))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return b"\xff"
    return None


def _lines_with_letters(piece: bytes) -> bytes:
    """Return the lines that have other than ASCII: they alone tell the code page."""
    lines = (line for line in piece.splitlines() if not line.isascii())
    return b"\n".join(line for line, _ in zip(lines, range(2_000), strict=False))[:_SAMPLE_BYTES]


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # 3 MB, and hardly ever needed

    found = {byte for byte in sample if byte >= 0x80}
    best = from_bytes(sample, cp_isolation=_CODE_PAGES, threshold=0.9).best()
    encoding = best.encoding if best is not None else "cp1250"
    if encoding in ("cp1250", "iso8859_2"):
        # The detector takes one for the other in short files. These bytes are letters in only one of the two.
        encoding = "iso8859_2" if found & _POLISH_OF_ISO and not found & _ONLY_IN_CP1250 else "cp1250"
    return encoding
