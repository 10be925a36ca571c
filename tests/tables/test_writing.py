"""CSV, XLSX and NDJSON as independent readers read them."""

import csv
import gzip
import io
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from python_calamine import load_workbook

from tables.writing.csv_rows import write_csv_head, write_csv_rows
from tables.writing.deflated import deflate_piece, inflate, join_as_gzip
from tables.writing.ndjson_rows import write_ndjson_rows
from tables.writing.xlsx_file import MAX_TEXT, write_xlsx

WARSAW = ZoneInfo("Europe/Warsaw")
AT = datetime(2026, 3, 5, 8, 0, 5, 123_456, UTC)
FORMULAS = ["=1+1", "+48 600; =1", "-2", "@x", "\t=1", "\r=1", "\n=1", "|calc", "%x", "＝1+1"]
PLAIN = ["+48600000001", "007", "1.50", "a=b", "Zażółć; \"gęślą\", 'jaźń'", "two\nlines", "1e5", "👩‍⚕️", "\u200f=rtl"]


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(path: Path) -> list[list[list[Any]]]:
    book = load_workbook(str(path))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_escapes_what_a_spreadsheet_takes_for_a_formula(text: str) -> None:
    assert read_csv(write_csv_rows([[text]], WARSAW)) == [[f"'{text}"]]


@pytest.mark.parametrize("text", PLAIN)
def test_csv_keeps_every_other_text(text: str) -> None:
    assert read_csv(write_csv_rows([[text, "end"]], WARSAW)) == [[text, "end"]]


def test_csv_tells_excel_its_encoding_and_escapes_its_head() -> None:
    head = write_csv_head(["externalId", "=1+1"])
    assert head.startswith(b"\xef\xbb\xbf")
    assert read_csv(head) == [["externalId", "'=1+1"]]


def test_csv_writes_values_as_people_read_them() -> None:
    row = [None, True, -2, 1.5, AT, UUID(int=1), {"a": [1, "ż"]}]
    texts = ["", "true", "-2", "1.5", "2026-03-05 09:00:05+01:00", str(UUID(int=1)), '{"a":[1,"ż"]}']
    assert read_csv(write_csv_rows([row], WARSAW)) == [texts]


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN, "https://example.com", "0" * 20])
def test_xlsx_keeps_texts_as_texts(tmp_path: Path, text: str) -> None:
    write_xlsx(tmp_path / "file.xlsx", ["text", "end"], [[text, "end"]], WARSAW)
    [rows] = read_xlsx(tmp_path / "file.xlsx")
    assert [cell.replace("\r\n", "\n") for cell in rows[1]] == [text, "end"]


def test_xlsx_has_numbers_dates_and_truths(tmp_path: Path) -> None:
    row = [None, True, -2, 10**18, AT, {"a": 1}]
    assert write_xlsx(tmp_path / "file.xlsx", list("abcdef"), [row], WARSAW) == 1
    [rows] = read_xlsx(tmp_path / "file.xlsx")
    # A number of 19 digits would lose its last ones.
    shown = AT.astimezone(WARSAW).replace(tzinfo=None, microsecond=0)
    assert rows == [list("abcdef"), ["", True, -2.0, str(10**18), shown, '{"a":1}']]


@pytest.mark.parametrize("letter", ["x", "👩"])
def test_xlsx_cuts_what_no_cell_holds(tmp_path: Path, letter: str) -> None:
    write_xlsx(tmp_path / "file.xlsx", ["text"], [[letter * 40_000]], WARSAW)
    [[_, [text]]] = read_xlsx(tmp_path / "file.xlsx")
    assert text.endswith(f"{letter}…")
    assert MAX_TEXT - 2 <= len(text.encode("utf-16-le")) // 2 <= MAX_TEXT


def test_xlsx_goes_on_in_the_next_sheet(tmp_path: Path) -> None:
    rows = ([str(number)] for number in range(5))
    assert write_xlsx(tmp_path / "file.xlsx", ["n"], rows, WARSAW, rows_per_sheet=3) == 5
    assert read_xlsx(tmp_path / "file.xlsx") == [[["n"], ["0"], ["1"]], [["n"], ["2"], ["3"]], [["n"], ["4"]]]


def test_ndjson_keeps_everything() -> None:
    row = [None, True, -2, 10**30, AT, UUID(int=1), {"a": ["=1"]}, "two\nlines\u2028"]
    line = write_ndjson_rows(list("abcdefgh"), [row])
    assert (line.count(b"\n"), json.loads(line)) == (
        1,
        dict(zip("abcdefgh", [*row[:4], "2026-03-05T08:00:05.123456Z", str(UUID(int=1)), *row[6:]], strict=True)),
    )


def test_pieces_that_were_compressed_alone_are_one_gzip_file() -> None:
    pieces = [b"a" * 100_000, b"", "Zażółć".encode(), bytes(range(256)) * 10]
    whole, stored = b"".join(pieces), [deflate_piece(piece) for piece in pieces]
    assert gzip.decompress(b"".join(join_as_gzip(stored, zlib.crc32(whole), len(whole)))) == whole
    assert b"".join(inflate(stored)) == whole
