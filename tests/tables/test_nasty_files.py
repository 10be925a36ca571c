"""Files as people have them: each gives the right rows, or one clear error."""

import codecs
import struct
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tables.reading.errors import UnreadableFileError
from tables.reading.open_table import open_table
from tests.support.workbooks import Raw, archive, workbook, workbook_of_sheets, workbook_of_xml

HEADER = ["email", "name"]
ANN = ["ann@example.com", "Łucja Żółć"]
TEXT = "email,name\nann@example.com,Łucja Żółć\n"
GERMAN = "email,name\nann@example.com,Jörg Müller\nbob@example.com,Straße\n"


def bomb() -> bytes:
    """50 KB that say they are 210 MB."""
    return archive({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": b"\0" * 210_000_000})


def lying_bomb() -> bytes:
    """A bomb whose directory says that it is small."""
    file = bytearray(archive({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": b"\0" * 5_000_000}))
    size = struct.pack("<I", 5_000_000)
    return bytes(file.replace(size, struct.pack("<I", 1_000)))


def ole(content: bytes) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + content


FORMULA = Raw("<c><f>A1&amp;B1</f></c>")
KEPT = Raw('<c t="str"><f>A1&amp;B1</f><v>ann@example.com</v></c>')

# Name, content, and the cells of all rows with the header first.
RIGHT: list[tuple[str, bytes, list[list[str]]]] = [
    ("utf-8", TEXT.encode(), [HEADER, ANN]),
    ("utf-8 with a mark", TEXT.encode("utf-8-sig"), [HEADER, ANN]),
    ("utf-16 with a mark", TEXT.encode("utf-16"), [HEADER, ANN]),
    ("utf-16 big-endian", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), [HEADER, ANN]),
    ("utf-16 without a mark", TEXT.replace("Łucja Żółć", "Ann").encode("utf-16-le"),
     [HEADER, ["ann@example.com", "Ann"]]),
    ("cp1250", TEXT.encode("cp1250"), [HEADER, ANN]),
    ("cp1250 of one letter", "email,name\na@b.pl,Kąt\n".encode("cp1250"), [HEADER, ["a@b.pl", "Kąt"]]),
    ("iso-8859-2", "email,name\na@b.pl,Świętosław Wąż\n".encode("iso8859_2"), [HEADER, ["a@b.pl", "Świętosław Wąż"]]),
    ("cp1252", GERMAN.encode("cp1252"),
     [HEADER, ["ann@example.com", "Jörg Müller"], ["bob@example.com", "Straße"]]),
    ("semicolons", TEXT.replace(",", ";").encode(), [HEADER, ANN]),
    ("tabs", TEXT.replace(",", "\t").encode(), [HEADER, ANN]),
    ("pipes", TEXT.replace(",", "|").encode(), [HEADER, ANN]),
    ("semicolons with commas in values", b"email;name\na@b.pl;Ono, Ann\nb@b.pl;Li, Bo\n",
     [HEADER, ["a@b.pl", "Ono, Ann"], ["b@b.pl", "Li, Bo"]]),
    ("a line that names the separator", b"sep=;\nemail;name\na@b.pl;Ann\n", [HEADER, ["a@b.pl", "Ann"]]),
    ("one column", b"email\na@b.pl\nb@b.pl\n", [["email"], ["a@b.pl"], ["b@b.pl"]]),
    ("CRLF", b"email,name\r\na@b.pl,Ann\r\n", [HEADER, ["a@b.pl", "Ann"]]),
    ("CR alone", b"email,name\ra@b.pl,Ann\r", [HEADER, ["a@b.pl", "Ann"]]),
    ("no line break at the end", b"email,name\na@b.pl,Ann", [HEADER, ["a@b.pl", "Ann"]]),
    ("quotes and doubled quotes", b'email,name\n"a@b.pl","Ann ""Bee"" Ono"\n', [HEADER, ["a@b.pl", 'Ann "Bee" Ono']]),
    ("separators and line breaks in quotes", b'email,name\na@b.pl,"Ono,\nAnn"\n', [HEADER, ["a@b.pl", "Ono,\nAnn"]]),
    ("empty lines", b"\n\nemail,name\n\n,\na@b.pl,Ann\n\n", [HEADER, ["a@b.pl", "Ann"]]),
    ("too few and too many values", b"email,name\na@b.pl\nb@b.pl,Bo,more\n",
     [HEADER, ["a@b.pl"], ["b@b.pl", "Bo", "more"]]),
    ("a duplicate column", b"email,email\na@b.pl,b@b.pl\n", [["email", "email"], ["a@b.pl", "b@b.pl"]]),
    ("only a header", b"email,name\n", [HEADER]),
    ("a NUL in a value", b"email,name\na@b.pl,A\0nn\n", [HEADER, ["a@b.pl", "A\0nn"]]),
    ("marks of right-to-left text", "email,name\na@b.pl,\u202bדנה\u202c\n".encode(),
     [HEADER, ["a@b.pl", "\u202bדנה\u202c"]]),
    ("emoji", "email,name\na@b.pl,Ann 🙂\n".encode(), [HEADER, ["a@b.pl", "Ann 🙂"]]),
    ("a cell of 1 MB", b"email,name\na@b.pl," + b"x" * 1_000_000 + b"\n", [HEADER, ["a@b.pl", "x" * 1_000_000]]),
    ("leading zeros and a number with .0", b"phone,id\n0048600123456,06641234567.0\n",
     [["phone", "id"], ["0048600123456", "06641234567.0"]]),
    ("300 columns", b",".join(b"c%d" % place for place in range(300)) + b"\n" + b",".join([b"1"] * 300) + b"\n",
     [[f"c{place}" for place in range(300)], ["1"] * 300]),
    ("a workbook", workbook([HEADER, ANN]), [HEADER, ANN]),
    ("numbers of a workbook", workbook([["phone", "n"], [48600123456.0, 3.5], ["0048600123456", 7]]),
     [["phone", "n"], ["48600123456", "3.5"], ["0048600123456", "7"]]),
    ("text of a workbook stays", workbook([["phone"], ["06641234567.0"], ["007"]]),
     [["phone"], ["06641234567.0"], ["007"]]),
    ("dates and truths of a workbook", workbook([["born", "vip"], [date(1980, 2, 29), True]]),
     [["born", "vip"], ["1980-02-29", "true"]]),
    ("formulas have their stored value", workbook([["email"], [KEPT]]), [["email"], ["ann@example.com"]]),
    ("the first sheet with values", workbook_of_sheets([("Empty", [], ""), ("People", [HEADER, ANN], "")]),
     [HEADER, ANN]),
    ("a workbook that begins below and aside",
     workbook([[], [], ["", "email"], ["", "a@b.pl"]]), [["email"], ["a@b.pl"]]),
    ("many styled cells without values",
     workbook([["email"], ["a@b.pl"], *[[""] * 20] * 2_000]), [["email"], ["a@b.pl"]]),
]  # fmt: skip

# Name, content, and the code of the error. The bomb takes 1.5 s, so it is made by the test that needs it.
WRONG: list[tuple[str, bytes | Callable[[], bytes], str]] = [
    ("nothing", b"", "empty_file"),
    ("blanks alone", b"\xef\xbb\xbf \r\n\r\n", "empty_file"),
    ("separators alone", b",,,\n,,,\n", "empty_file"),
    ("a quote that is not closed", b'email,name\n"a@b.pl,Ann\nb@b.pl,Bo\n', "quote_not_closed"),
    ("a quote within a value", b'email,name\n"a@b.pl"x,Ann\n', "stray_quote"),
    ("a cell of 3 MB", b"email,name\na@b.pl," + b"x" * 3_000_000 + b"\n", "quote_not_closed"),
    ("301 columns", b",".join([b"c"] * 301) + b"\n", "too_many_columns"),
    ("an old workbook", ole(b"W\0o\0r\0k\0b\0o\0o\0k\0"), "old_excel"),
    ("a workbook with a password", ole("EncryptedPackage".encode("utf-16-le")), "encrypted"),
    ("half a workbook", workbook([HEADER, ANN])[:-400], "broken_file"),
    ("another archive", archive({"mimetype": "application/vnd.oasis.opendocument.text"}), "not_a_table"),
    ("a binary workbook", archive({"xl/workbook.bin": "x"}), "binary_workbook"),
    ("a workbook that is no XML", archive({"xl/workbook.xml": "hello"}), "empty_file"),
    ("a bomb", bomb, "unpacks_too_large"),
    ("a bomb that lies", lying_bomb(), "broken_file"),
    ("merged cells", workbook([HEADER, ANN, ["", "Bo"]], merged="A2:A3"), "merged_cells"),
    ("an empty workbook", workbook([]), "empty_file"),
    ("PDF", b"%PDF-1.7\n...", "not_a_table"),
    ("a page", b"<!DOCTYPE html><table><tr><td>email</td></tr></table>", "not_a_table"),
    ("compressed text", zlib.compress(TEXT.encode(), wbits=31), "not_a_table"),
    ("random bytes", bytes(range(256)) * 8, "not_text"),
    ("250,001 rows", b"email\n" + b"a@b.pl\n" * 250_001, "too_many_rows"),
    ("more than 50 MB", b"email\n" + b"a" * 50_000_000, "file_too_large"),
]  # fmt: skip


def read(tmp_path: Path, content: bytes) -> list[Any]:
    path = tmp_path / "upload.xlsx"
    path.write_bytes(content)
    table = open_table(path)
    return [list(table.header), *(list(row.cells) for row in table.rows)]


@pytest.mark.parametrize(("content", "rows"), [pytest.param(*each[1:], id=each[0]) for each in RIGHT])
def test_a_file_gives_its_rows(tmp_path: Path, content: bytes, rows: list[list[str]]) -> None:
    assert read(tmp_path, content) == rows


@pytest.mark.parametrize(("content", "code"), [pytest.param(*each[1:], id=each[0]) for each in WRONG])
def test_a_file_gives_one_clear_error(tmp_path: Path, content: bytes | Callable[[], bytes], code: str) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read(tmp_path, content if isinstance(content, bytes) else content())
    assert refused.value.code == code


def test_values_that_were_lost_before_are_faults_of_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "lost.xlsx"
    error = Raw('<c t="e"><v>#N/A</v></c>')
    path.write_bytes(workbook([["a", "b", "c", "d"], [1234567890123456789, FORMULA, error, "kept"]]))
    (row,) = open_table(path).rows
    assert row.number == 2
    assert dict(row.faults) == {0: "digits_lost", 1: "formula_without_value", 2: "formula_error"}
    assert row.cells[3] == "kept"


def test_a_rectangle_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    path.write_bytes(
        workbook_of_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD1048576"><v>1</v></c></row>')
    )
    with pytest.raises(UnreadableFileError) as refused:
        open_table(path)
    assert refused.value.code == "too_many_cells"


@pytest.mark.parametrize(
    "xml",
    [
        '<row r="1">' + "<c>" * 200_000 + "</row>",
        '<row r="1"><c ' + 'r="A1" ' * 100_000 + "</row>",
        '<row r="1"><c r="A1"><f>1</f>' + "x" * 900_000,
    ],
    ids=["cells", "attributes", "content"],
)
def test_a_sheet_of_what_is_never_closed_ends_soon(tmp_path: Path, xml: str) -> None:
    """These took hours."""
    path = tmp_path / "endless.xlsx"
    path.write_bytes(workbook_of_xml(xml))
    with pytest.raises(UnreadableFileError) as refused:
        open_table(path)
    assert refused.value.code == "empty_file"


def test_rows_keep_their_number_and_the_table_tells_how_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("email;name\n\n\na@b.pl;Świt\n".encode("cp1250"))
    table = open_table(path)
    assert (table.format, table.encoding, table.separator) == ("csv", "cp1250", ";")
    assert [row.number for row in table.rows] == [4]
    path.write_bytes(workbook([["email"], [], ["a@b.pl"]], name="Goście"))
    table = open_table(path)
    assert (table.format, table.sheet, [row.number for row in table.rows]) == ("xlsx", "Goście", [3])
